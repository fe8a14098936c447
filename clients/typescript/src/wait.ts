/** Polling with back-off: an async iterator over the states of a job. */

export interface WaitOptions {
  /** Ends the wait; the iterator then throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds before the second poll, and after each change of status or stage. */
  first?: number;
  /** The longest pause in milliseconds; each is half as long again as the one before it. */
  longest?: number;
  /** Milliseconds after which the wait ends with WaitTimeout. Without it the wait has no end but the job's. */
  timeout?: number;
}

/** The job had not ended when the time of the wait was up; it goes on all the same. */
export class WaitTimeout extends Error {
  override name = "WaitTimeout";
}

/** The pauses between polls, as a function of whether the last poll brought a new status or stage. */
export function backOff({ first = 500, longest = 5_000 }: WaitOptions): (changed: boolean) => number {
  let next = first;
  return (changed) => {
    const pause = changed ? first : next;
    next = Math.min(pause * 1.5, longest);
    return pause;
  };
}

/** How many polls a job of so many seconds costs that passes through `stages` stages of equal length: one row read each. */
export function pollsFor(seconds: number, stages = 4, options: WaitOptions = {}): number {
  let polls = 1;
  for (let stage = 0; stage < stages; stage++) {
    const pause = backOff(options);
    for (let at = pause(true); at < (seconds * 1000) / stages; at += pause(false)) polls++;
  }
  return polls;
}

export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Follows a job that `read` brings, as a browser does through a route of its app: now, and at each change until it has ended. */
export const followJob = <J extends { status: string; stage: string | null; progress: number }>(
  read: () => Promise<J | null>,
  options: WaitOptions = {},
): AsyncGenerator<J & { polls: number }, void, undefined> =>
  poll(read, ({ status }) => status !== "pending" && status !== "processing", options);

/** Polls until `done`, yields what changed. `read` may return null for a row that is gone, which ends it. */
export async function* poll<S extends { status: string; stage: string | null; progress: number }>(
  read: () => Promise<S | null>,
  done: (state: S) => boolean,
  options: WaitOptions,
): AsyncGenerator<S & { polls: number }, void, undefined> {
  const pause = backOff(options);
  const deadline = options.timeout === undefined ? Infinity : Date.now() + options.timeout;
  let before = "";
  let shown = "";
  for (let polls = 1; ; polls++) {
    options.signal?.throwIfAborted();
    const state = await read();
    if (state === null) return;
    const phase = `${state.status} ${state.stage}`;
    const all = `${phase} ${state.progress}`;
    if (all !== shown) yield { ...state, polls };
    if (done(state)) return;
    const wanted = pause(phase !== before);
    [before, shown] = [phase, all];
    const left = deadline - Date.now();
    if (left <= 0) throw new WaitTimeout(`The job has not ended in ${options.timeout} ms; it is ${phase}.`);
    await sleep(Math.min(wanted, left), options.signal);
  }
}
