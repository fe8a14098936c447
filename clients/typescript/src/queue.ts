/** A job's place in the queue, with an estimate from how quickly jobs have ended of late. */
import type { Queries } from "./database.js";
import { JOB_TYPES } from "./generated.js";

export interface QueuePlace {
  /** Jobs that wait in front of this one; 0 once it is being processed. Counted up to 1,000. */
  ahead: number;
  /** About how many seconds until it begins; null if too few jobs have ended within the last hour to tell. */
  seconds: number | null;
}

const MOST = 1_000; // rows counted
const SAMPLE = 60; // newest rows looked at
const HOUR = 3_600_000;
const marks = JOB_TYPES.map(() => "?").join(", ");

export async function queuePlace(queries: Queries, id: string): Promise<QueuePlace | null> {
  const [row] = await queries.rows(
    `SELECT job.status AS status, (
       SELECT COUNT(*) FROM (
         SELECT 1 FROM audio_prep_jobs AS other WHERE other.status = 'pending' AND other.type IN (${marks})
         AND other.createdAt < job.createdAt LIMIT ${MOST}
       )
     ) AS ahead FROM audio_prep_jobs AS job WHERE job.jobId = ?`,
    ...[...JOB_TYPES, id],
  );
  if (!row) return null;
  if (row["status"] !== "pending") return { ahead: 0, seconds: 0 };
  const ahead = Number(row["ahead"]);
  const each = meanGap(await lastEnds(queries));
  return { ahead, seconds: each === null ? null : Math.ceil((each * (ahead + 1)) / 1000) };
}

/** When the latest jobs ended, newest first. */
async function lastEnds(queries: Queries): Promise<number[]> {
  const rows = await queries.rows(
    `SELECT updatedAt FROM (SELECT status, type, updatedAt FROM audio_prep_jobs ORDER BY updatedAt DESC LIMIT ${SAMPLE})
     WHERE status IN ('complete', 'failed') AND type IN (${marks})`,
    ...JOB_TYPES,
  );
  return rows.map((row) => Date.parse(String(row["updatedAt"]))).filter((time) => time > Date.now() - HOUR);
}

/** Milliseconds between two ends while there was work: the longest quarter of the gaps, when nothing was asked for, is left out. */
export function meanGap(ends: number[]): number | null {
  const gaps = ends.slice(1).map((end, index) => ends[index]! - end);
  const busy = gaps.sort((a, b) => a - b).slice(0, Math.ceil(gaps.length * 0.75));
  return busy.length < 2 ? null : busy.reduce((sum, gap) => sum + gap, 0) / busy.length;
}
