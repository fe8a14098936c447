/** A row of the table as a typed job. */
import type { Row } from "./database.js";
import type { ErrorFacts, Job, JobType } from "./types.js";

export const COLUMNS = "jobId, type, status, stage, progress, result, error, retryCount, createdAt, updatedAt";

const UNKNOWN: ErrorFacts = { kind: "Unexpected", retryable: true, attempts: 0 };

/** What other programs may have left in the wrong form is read as nothing. */
export function jobOf<T extends JobType>(row: Row): Job<T> {
  const { jobId, type, status, stage, progress, error, retryCount, createdAt, updatedAt } = row;
  const result = parsed(row["result"]) as { error?: ErrorFacts } | null;
  return {
    ...{ id: jobId, type, status, stage, progress: Number(progress ?? 0), retryCount: Number(retryCount ?? 0) },
    ...{ createdAt, updatedAt },
    result: status === "complete" ? result : null,
    error: status === "failed" ? String(error ?? "") : status === "cancelled" ? error : null,
    failure: isEnded(row as { status: string }) && status !== "complete" ? (result?.error ?? (status === "failed" ? UNKNOWN : null)) : null,
  } as Job<T>;
}

export const isEnded = (job: { status: string }): boolean => !["pending", "processing"].includes(job.status);

/** Cancelled, and nothing runs for it any more. */
export const isAcknowledged = (job: { status: string; stage: string | null }): boolean =>
  job.status === "cancelled" && job.stage === null;

function parsed(text: unknown): unknown {
  if (typeof text !== "string") return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
