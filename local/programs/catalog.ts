import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type ProgramName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubectl'
  | 'envoy-gateway'
  | 'envoy';

/** A program that is built from one of the Go modules in `tools/`. */
export interface GoProgram {
  readonly name: ProgramName;
  /** Folder below `tools/`. */
  readonly module: 'etcd' | 'kubernetes' | 'envoy-gateway';
  readonly package: string;
  /** The required module whose version is the program's. */
  readonly versionOf: string;
  /** How long a build with empty caches took on two busy cores. */
  readonly usualSeconds: number;
}

export const toolsDir = fileURLToPath(new URL('../../tools', import.meta.url));

const KUBERNETES = { module: 'kubernetes', versionOf: 'k8s.io/kubernetes' } as const;

/** In the order in which they are built: what shares packages stands together. */
export const goPrograms: readonly GoProgram[] = [
  {
    name: 'etcd',
    module: 'etcd',
    package: 'go.etcd.io/etcd/server/v3',
    versionOf: 'go.etcd.io/etcd/server/v3',
    usualSeconds: 42,
  },
  { name: 'kube-apiserver', ...KUBERNETES, package: 'k8s.io/kubernetes/cmd/kube-apiserver', usualSeconds: 420 },
  {
    name: 'kube-controller-manager',
    ...KUBERNETES,
    package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
    usualSeconds: 100,
  },
  { name: 'kube-scheduler', ...KUBERNETES, package: 'k8s.io/kubernetes/cmd/kube-scheduler', usualSeconds: 30 },
  { name: 'kubectl', ...KUBERNETES, package: 'k8s.io/kubernetes/cmd/kubectl', usualSeconds: 36 },
  {
    name: 'envoy-gateway',
    module: 'envoy-gateway',
    package: 'github.com/envoyproxy/gateway/cmd/envoy-gateway',
    versionOf: 'github.com/envoyproxy/gateway',
    usualSeconds: 360,
  },
];

/** The pinned version of a Go program, such as `v1.36.3`, from the `go.mod` that it is built from. */
export function goProgramVersion(program: GoProgram): string {
  const file = join(toolsDir, program.module, 'go.mod');
  const escaped = program.versionOf.replaceAll('.', '\\.');
  const version = new RegExp(`^\\s*(?:require\\s+)?${escaped} (v\\S+)`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${file} does not require ${program.versionOf}`);
  return version;
}

/** The Go version that the modules of these programs ask for, such as `1.26.6`: the highest `go` line. */
export function neededGoVersion(wanted: readonly GoProgram[]): string {
  const versions = [...new Set(wanted.map(({ module }) => module))].map((module) => {
    const file = join(toolsDir, module, 'go.mod');
    const version = /^go (\S+)$/m.exec(readFileSync(file, 'utf8'))?.[1];
    if (version === undefined) throw new Error(`${file} has no go line`);
    return version;
  });
  return versions.toSorted(compareVersions).at(-1) ?? '1.0';
}

/** The linker flags of a Go program: Kubernetes' programs report their version from variables that the linker sets. */
export function linkerFlags(program: GoProgram): string {
  if (program.module !== 'kubernetes') return '-s -w';
  const version = goProgramVersion(program);
  const [major, minor] = version.slice(1).split('.');
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor };
  const settings = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((holder) =>
    Object.entries(values).map(([key, value]) => `-X ${holder}.${key}=${value}`),
  );
  return ['-s -w', ...settings].join(' ');
}

/** Negative when `a` is the older of two versions such as `1.26.6`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
