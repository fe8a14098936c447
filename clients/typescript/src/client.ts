/** The jobs table as an app uses it: ask, follow, cancel, ask again. */
import { type Database, type Queries, queriesOn } from "./database.js";
import { JOB_TYPES } from "./generated.js";
import { COLUMNS, isAcknowledged, isEnded, jobOf } from "./job.js";
import { type QueuePlace, queuePlace } from "./queue.js";
import { randomId } from "./random.js";
import { checkRecipe } from "./recipe.js";
import type { EndedJob, Job, JobId, JobType, Metadata, Recipe } from "./types.js";
import { poll, type WaitOptions } from "./wait.js";

export interface ClientOptions {
  /** The bridge's `/wake`, as `https://bridge.example/wake`; without it a new row waits for the bridge's next poll. */
  wakeUrl?: string | undefined;
  /** `AUDIOPREP_WAKE_SECRET` of the bridge. */
  wakeSecret?: string | undefined;
}

export interface CreateOptions {
  /** The job's id, a new UUID if absent. Never let a browser choose it: it names the asset that is made. */
  id?: string;
}

/** A change of a job, and how many rows the wait has read so far: one for each poll. */
export type Update<T extends JobType = JobType> = Job<T> & { polls: number };

export interface Audioprep {
  /** Ask for a job. Throws RecipeError for a recipe that a bridge would refuse, JobExists for an id or `uniqueKey` that is taken. */
  createJob<T extends JobType>(type: T, metadata: Metadata[T], options?: CreateOptions): Promise<JobId<T>>;
  /** One row read. */
  getJob<T extends JobType>(id: JobId<T>): Promise<Job<T> | null>;
  getJob(id: string): Promise<Job | null>;
  /** Yields the job now and at each change, until it has ended; nothing if there is no such job. */
  watchJob<T extends JobType>(id: JobId<T>, options?: WaitOptions): AsyncGenerator<Update<T>, void, undefined>;
  watchJob(id: string, options?: WaitOptions): AsyncGenerator<Update, void, undefined>;
  /** The job once it has ended, also in failure. Throws WaitTimeout, and JobNotFound. */
  waitForJob<T extends JobType>(id: JobId<T>, options?: WaitOptions): Promise<EndedJob<T>>;
  waitForJob(id: string, options?: WaitOptions): Promise<EndedJob>;
  /** False when the job had ended already. Something may run until `acknowledged`. */
  cancelJob(id: string): Promise<boolean>;
  /** Waits until nothing runs any more for a cancelled job. False if the job ended in another way, or is gone. */
  acknowledged(id: string, options?: WaitOptions): Promise<boolean>;
  /** How many jobs wait in front of this one, and about how long it will take to begin. */
  queuePlace(id: string): Promise<QueuePlace | null>;
  /** A new job that asks for the same as one that failed or was cancelled; null for any other. */
  retryJob<T extends JobType>(id: JobId<T>): Promise<JobId<T> | null>;
  retryJob(id: string): Promise<JobId | null>;
  /** Has the bridge look for new rows at once. False if it did not answer: the job is picked up a little later then. */
  wake(): Promise<boolean>;
}

export class JobExists extends Error {
  override name = "JobExists";
}

export class JobNotFound extends Error {
  override name = "JobNotFound";
}

const now = () => new Date().toISOString();

/** A client on the app's own open connection to the database. */
export function audioprep(database: Database, options: ClientOptions = {}): Audioprep {
  const queries = queriesOn(database);
  const read = (id: string) => getJob(queries, id);
  return {
    createJob: (type, metadata, { id = randomId() } = {}) => insert(queries, options, type, metadata, id),
    getJob: read as Audioprep["getJob"],
    watchJob: ((id: string, wait = {}) => poll(() => read(id), isEnded, wait)) as Audioprep["watchJob"],
    waitForJob: ((id: string, wait = {}) => waitForJob(id, poll(() => read(id), isEnded, wait))) as Audioprep["waitForJob"],
    cancelJob: (id) => cancel(queries, id),
    acknowledged: (id, wait = {}) => acknowledged(poll(() => read(id), endsCancel, { first: 200, ...wait })),
    queuePlace: (id) => queuePlace(queries, id),
    retryJob: (id: string) => retry(queries, options, id),
    wake: () => wake(options),
  };
}

async function insert<T extends JobType>(
  queries: Queries,
  options: ClientOptions,
  type: T,
  metadata: Metadata[T],
  id: string,
): Promise<JobId<T>> {
  if (!JOB_TYPES.includes(type)) throw new TypeError(`There is no job type ${type}.`);
  if ("recipe" in metadata) checkRecipe(metadata.recipe as Recipe);
  const at = now();
  const inserted = await queries.change(
    `INSERT INTO audio_prep_jobs (jobId, type, status, metadata, createdAt, updatedAt)
     VALUES (?, ?, 'pending', ?, ?, ?) ON CONFLICT DO NOTHING`,
    ...[id, type, JSON.stringify(metadata), at, at],
  );
  if (inserted !== 1) throw new JobExists("A job with this id, or an active one with this uniqueKey, is there already.");
  await wake(options);
  return id;
}

async function getJob(queries: Queries, id: string): Promise<Job | null> {
  const [row] = await queries.rows(`SELECT ${COLUMNS} FROM audio_prep_jobs WHERE jobId = ?`, id);
  return row ? jobOf(row) : null;
}

async function waitForJob(id: string, updates: AsyncIterable<Update>): Promise<EndedJob> {
  let last: Update | undefined;
  for await (const update of updates) last = update;
  if (!last || !isEnded(last)) throw new JobNotFound(`There is no job ${id}.`);
  return last as EndedJob;
}

async function cancel(queries: Queries, id: string): Promise<boolean> {
  const sql = `UPDATE audio_prep_jobs SET status = 'cancelled', updatedAt = ?
               WHERE jobId = ? AND status IN ('pending', 'processing')`;
  return (await queries.change(sql, now(), id)) === 1;
}

const endsCancel = (job: Job): boolean => isAcknowledged(job) || job.status === "complete" || job.status === "failed";

async function acknowledged(updates: AsyncIterable<Update>): Promise<boolean> {
  let last: Update | undefined;
  for await (const update of updates) last = update;
  return last !== undefined && isAcknowledged(last);
}

async function retry(queries: Queries, options: ClientOptions, id: string): Promise<JobId | null> {
  const [next, at] = [randomId(), now()];
  const changed = await queries.change(
    `INSERT INTO audio_prep_jobs (jobId, type, status, metadata, createdAt, updatedAt)
     SELECT ?, type, 'pending', json_set(metadata, '$.retryOf', jobId), ?, ? FROM audio_prep_jobs
     WHERE jobId = ? AND (status = 'failed' OR (status = 'cancelled' AND stage IS NULL)) AND json_valid(metadata)`,
    ...[next, at, at, id],
  );
  if (changed !== 1) return null;
  await wake(options);
  return next;
}

async function wake({ wakeUrl, wakeSecret }: ClientOptions): Promise<boolean> {
  if (!wakeUrl) return false;
  const headers: Record<string, string> = wakeSecret ? { "X-Audioprep-Wake": wakeSecret } : {};
  try {
    return (await fetch(wakeUrl, { method: "POST", headers, signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
