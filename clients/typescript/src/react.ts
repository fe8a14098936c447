/** A React hook that follows a job through a route of your app: browsers have no connection to the database. */
import { useEffect, useState } from "react";
import type { Job, JobType } from "./types.js";
import { poll, type WaitOptions } from "./wait.js";

export interface UseJob<T extends JobType> {
  job: Job<T> | null;
  /** What the last poll failed with; it is tried again as long as the component is shown. */
  error: Error | null;
}

const RETRY = 5_000; // milliseconds after a poll that failed

/** Follows a job with back-off until it has ended. `load` asks your app for it, and checks there whose job it is. */
export function useJob<T extends JobType = JobType>(
  id: string | null,
  load: (id: string, signal: AbortSignal) => Promise<Job<T> | null>,
  options: Omit<WaitOptions, "signal" | "timeout"> = {},
): UseJob<T> {
  const [state, setState] = useState<UseJob<T>>({ job: null, error: null });
  const { first, longest } = options;
  useEffect(() => {
    setState({ job: null, error: null });
    if (id === null) return;
    const controller = new AbortController();
    const wait: WaitOptions = { signal: controller.signal, ...(first ? { first } : {}), ...(longest ? { longest } : {}) };
    const follow = async (): Promise<void> => {
      try {
        const ended = (job: Job<T>) => job.status !== "pending" && job.status !== "processing";
        for await (const { polls: _, ...job } of poll(() => load(id, controller.signal), ended, wait)) {
          setState({ job: job as unknown as Job<T>, error: null });
        }
      } catch (error) {
        if (controller.signal.aborted) return;
        setState((before) => ({ ...before, error: error as Error }));
        setTimeout(() => void (controller.signal.aborted || follow()), RETRY);
      }
    };
    void follow();
    return () => controller.abort();
    // `load` may be a new function at every render: the job's id says when to begin anew.
  }, [id, first, longest]);
  return state;
}
