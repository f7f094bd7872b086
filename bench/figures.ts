/** Requests by `<verb> <resource>`. */
export type Requests = Readonly<Record<string, number>>;

/** One time for each round, in seconds. */
export type Seconds = readonly number[];

/** What was measured with one number of services. Times are in seconds, memory in megabytes of 10^6 bytes. */
export interface Figures {
  readonly services: number;
  readonly rounds: number;
  readonly floors: {
    /** A bare client writes the children. */
    readonly children: Seconds;
    /** A bare client sends the operator's requests, status included. */
    readonly everything: Seconds;
    /** A bare client applies the Deployments that a changed shared config changes. */
    readonly changedDeployments: number;
  };
  /** The services exist when the operator starts. */
  readonly found: {
    readonly startToReady: Seconds;
    readonly readyToChildren: Seconds;
    readonly readyToSettled: Seconds;
    readonly startToSettled: Seconds;
    readonly cpu: Seconds;
    readonly requests: Requests;
    readonly passes: number;
  };
  /** The services are created while the operator runs. */
  readonly created: {
    readonly creating: number;
    readonly firstToChildren: number;
    readonly lastToChildren: number;
    readonly lastToSettled: number;
  };
  readonly rest: { readonly seconds: number; readonly writes: number; readonly passes: number; readonly cpu: number };
  readonly countersOfGateway: {
    readonly seconds: number;
    readonly changes: number;
    readonly writes: number;
    readonly passes: number;
  };
  readonly sharedConfig: { readonly changeToChildren: number; readonly requests: Requests };
  readonly restart: {
    readonly startToReady: number;
    readonly startToSteady: number;
    readonly cpu: number;
    readonly requests: Requests;
  };
  readonly memory: {
    readonly peak: number;
    readonly steady: number;
    readonly restartedPeak: number;
    readonly restartedSteady: number;
  };
}

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** Gigabytes of 10^9 bytes. */
  readonly memory: number;
  readonly kernel: string;
  readonly node: string;
  /** Load of the last minute when the benchmark began: others may work on the same machine. */
  readonly load: number;
}

/** Milliseconds of one pass of the core over one service. */
export interface CoreTime {
  readonly median: number;
  readonly p99: number;
  readonly runs: number;
}

/** Milliseconds of one process of the command line. */
export interface CliTime {
  readonly median: number;
  readonly runs: number;
}

/** What the CRDs of one flavour cost. Seconds until their kinds are served; megabytes of 10^6 bytes. */
export interface DefinitionsCost {
  readonly folder: string;
  readonly bytes: number;
  readonly established: number;
  /** Resident memory of an API server without them, and of the same with them. */
  readonly without: number;
  readonly with: number;
}

export interface Results {
  readonly date: string;
  readonly machine: Machine;
  readonly core: CoreTime;
  readonly render: CliTime;
  readonly definitions: readonly DefinitionsCost[];
  readonly figures: readonly Figures[];
  readonly goals: readonly Goal[];
}

export interface Goal {
  readonly what: string;
  readonly goal: string;
  readonly measured: string;
  readonly met: boolean;
}

/** The middle of some times; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
