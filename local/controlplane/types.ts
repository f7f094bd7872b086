import type { RunResult } from '../run.ts';

export interface ControlPlaneOptions {
  /** Data, certificates, kubeconfigs and logs. Made when absent; what an earlier run left behind is cleaned up. */
  readonly stateDir: string;
  /** N of `127.N.0.0/16`, from 16 to 215. Default: the first free one. */
  readonly slot?: number;
  /** Start kube-controller-manager. Default true. */
  readonly controllers?: boolean;
  /** Start kube-scheduler. Default true. */
  readonly scheduler?: boolean;
  /** One line of progress for a person. Default: standard error while programs are fetched or built, else nothing. */
  readonly say?: (line: string) => void;
  /** Ends the start; a control plane that runs is ended by `stop`. */
  readonly signal?: AbortSignal;
}

export interface KubectlOptions {
  /** Default: the administrator's. */
  readonly kubeconfig?: string;
  /** Standard input, for `-f -`. */
  readonly input?: string;
  readonly signal?: AbortSignal;
}

/** etcd, kube-apiserver, kube-controller-manager and kube-scheduler on loopback addresses. */
export interface ControlPlane {
  readonly stateDir: string;
  /** `https://127.0.0.1:<port>`; it stays the same across restarts of the API server. */
  readonly url: string;
  readonly slot: number;
  /** `127.N.0.0/17`: every cluster IP is a loopback address. */
  readonly serviceCidr: string;
  /** `127.N.128.0/17`: free for pods. */
  readonly podCidr: string;
  /** Path of the administrator's kubeconfig (group `system:masters`). */
  readonly kubeconfig: string;
  /** Path of the certificate authority of the API server. */
  readonly caFile: string;
  /** Folder with one `<name>.log` for each process. */
  readonly logDir: string;
  /** Path of the kubectl that belongs to this API server. */
  readonly kubectlProgram: string;
  /** Variables with which any kubectl speaks to this control plane and caches nothing outside the state folder. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs kubectl to its end, whatever its exit code. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<RunResult>;
  /** Writes a kubeconfig with a bearer token; the path. */
  kubeconfigForToken(token: string, path: string): Promise<string>;
  /** Writes a kubeconfig with a token of the ServiceAccount that holds for one hour; the path. */
  serviceAccountKubeconfig(namespace: string, name: string, path: string): Promise<string>;
  /** Writes a kubeconfig with a client certificate for a user and its groups; the path. */
  userKubeconfig(user: string, groups: readonly string[], path: string): Promise<string>;
  /** Ends the API server; with `kill` by SIGKILL. etcd and the others keep running. */
  stopApiServer(options?: { readonly kill?: boolean }): Promise<void>;
  /** Starts the API server again and waits until it is ready. */
  startApiServer(): Promise<void>;
  /** `stopApiServer`, then `startApiServer`. */
  restartApiServer(options?: { readonly kill?: boolean }): Promise<void>;
  /** Ends all processes and frees the slot. Logs and certificates stay in the state folder. */
  stop(): Promise<void>;
}
