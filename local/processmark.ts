import { readFileSync } from 'node:fs';

/** What tells one process from all others, also from a later one that got the same id. */
export interface ProcessMark {
  readonly pid: number;
  /** Clock ticks since the boot. */
  readonly startTime: string;
  readonly boot: string;
}

/** The mark of a running process; undefined when there is none with this id. Reads `/proc`, as proc(5) describes it. */
export function processMark(pid: number): ProcessMark | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  const boot = readProc('/proc/sys/kernel/random/boot_id');
  if (stat === undefined || boot === undefined) return undefined;
  // The second field is the program's name in parentheses and may itself contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  if (startTime === undefined || state === 'Z' || state === 'X') return undefined;
  return { pid, startTime, boot: boot.trim() };
}

/** Whether the marked process still runs. A process that ended and was not yet collected by its parent does not. */
export function isSameProcess(mark: ProcessMark): boolean {
  const now = processMark(mark.pid);
  return now !== undefined && now.startTime === mark.startTime && now.boot === mark.boot;
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process is gone, or this system has no /proc.
    return undefined;
  }
}
