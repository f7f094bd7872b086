import type { Client } from '../../src/kube/types.ts';
import type { Running } from '../process.ts';
import type { Addresses } from './addresses.ts';
import type { BackOff } from './container.ts';
import type { Isolation } from './isolation.ts';
import type { Pod } from './types.ts';

/** Real vLLM instead of the model server stand-in. */
export interface RealVllm {
  /** Path of `vllm`. */
  readonly program: string;
  /** The model that a storage initializer would have downloaded. */
  readonly modelDir: string;
  /** Variables that every container gets. */
  readonly env: Readonly<Record<string, string>>;
  /** Folders that vLLM needs although a container's volumes may lie over them. */
  readonly keep: readonly string[];
}

/** What all pods of the nodes share. */
export interface NodeContext {
  readonly client: Client;
  readonly apiServer: URL;
  readonly addresses: Addresses;
  readonly isolation: Isolation;
  readonly podsDir: string;
  readonly claimsDir: string;
  readonly logDir: string;
  readonly recordIn: string;
  readonly backOff: BackOff;
  /** Folder with the operator's bundle, which its image has at `/app`. */
  readonly operatorDir: string;
  readonly operatorEnvironment: (podAddress: string) => Readonly<Record<string, string>>;
  readonly vllm: RealVllm | undefined;
  readonly onEnvoy: ((pod: Pod) => Promise<Running>) | undefined;
  readonly say: (line: string) => void;
}
