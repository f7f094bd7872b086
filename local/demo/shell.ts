import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import type { ControlPlane } from '../controlplane/controlplane.ts';

export interface ShellResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ShellOptions {
  readonly controlPlane: ControlPlane;
  readonly signal: AbortSignal;
  /** Receives standard output as it arrives. */
  readonly onOutput?: (text: string) => void;
}

/**
 * Runs a script word for word with `bash -c`, as a person would in a terminal where KUBECONFIG is set and kubectl is the one
 * of the local stack. Resolves with what it printed, whatever its exit code.
 */
export async function shell(script: string, { controlPlane, signal, onOutput }: ShellOptions): Promise<ShellResult> {
  const PATH = `${dirname(controlPlane.kubectlProgram)}:${process.env['PATH'] ?? ''}`;
  const child = spawn('bash', ['-c', script], {
    env: { ...controlPlane.environment, PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  let stdout = '';
  let stderr = '';
  const characters = new StringDecoder('utf8');
  child.stdout.on('data', (chunk: Buffer) => {
    const text = characters.write(chunk);
    stdout += text;
    onOutput?.(text);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr };
}
