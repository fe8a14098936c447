/** A fake bridge for the tests of an app: rows pass through their real stages, without Temporal, ffmpeg and yt-dlp. */
import { type Database, type Queries, queriesOn, type Row } from "../database.js";
import { sha256 } from "../encoding.js";
import { JOB_TYPES } from "../generated.js";
import { keys } from "../keys.js";
import type { JobType } from "../types.js";
import { type Files, memory } from "./files.js";
import { make, type Metadata, refuse } from "./results.js";
import { SCHEMA, SUPERSEDED } from "./schema.js";
import { beats, Failure, failureOf, type Script } from "./script.js";

export { type Files, folder, memory } from "./files.js";
export { type Behaviour, type Script } from "./script.js";
export { SCHEMA };

export interface FakeOptions extends Script {
  /** Where uploads are and results go: `folder(path)` or `memory()`. */
  files?: Files;
  /** Jobs at once. */
  slots?: number;
  /** Milliseconds between two polls. */
  interval?: number;
}

export interface Fake {
  /** Ends the fake; rows stay as they are. */
  stop(): Promise<void>;
}

interface Running {
  ended: Promise<void>;
  cancel: AbortController;
}

const MARKS = JOB_TYPES.map(() => "?").join(", ");
const key = (row: string, name: string) =>
  `CASE WHEN json_valid(${row}.metadata) THEN json_extract(${row}.metadata, '$.${name}') END`;
const SUPERSEDE = `UPDATE audio_prep_jobs AS older SET status = 'cancelled', error = ?, result = ?, updatedAt = ?
  WHERE older.status IN ('pending', 'processing') AND EXISTS (
    SELECT 1 FROM audio_prep_jobs AS newer WHERE newer.status = 'pending' AND newer.rowid > older.rowid
    AND ${key("newer", "supersedes")} = ${key("older", "supersedes")} AND ${key("newer", "tenant")} IS ${key("older", "tenant")}
  )`;
const now = () => new Date().toISOString();
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Makes the tables where they are missing. */
export async function migrate(database: Database): Promise<void> {
  const queries = queriesOn(database);
  for (const statement of SCHEMA) await queries.change(statement);
}

/**
 * Plays a bridge on a database until `stop`. A row may choose its script: `{"fake": {"script": "fails", "kind": "Network"}}`
 * in its metadata; a real bridge ignores that.
 */
export async function startFake(database: Database, options: FakeOptions = {}): Promise<Fake> {
  await migrate(database);
  const fake = new FakeBridge(queriesOn(database), { files: memory(), slots: 2, interval: 50, ...options });
  const running = fake.run();
  return {
    stop: async () => {
      fake.stopping = true;
      await running;
    },
  };
}

class FakeBridge {
  stopping = false;
  private readonly running = new Map<string, Running>();

  constructor(
    private readonly queries: Queries,
    private readonly options: Required<Pick<FakeOptions, "files" | "slots" | "interval">> & Script,
  ) {}

  async run(): Promise<void> {
    while (!this.stopping) {
      await this.queries.change(SUPERSEDE, SUPERSEDED, new Failure(SUPERSEDED, "Superseded", 0).result, now());
      await this.acknowledge();
      if (this.running.size < this.options.slots) await this.claim();
      await pause(this.options.interval);
    }
    for (const { cancel } of this.running.values()) cancel.abort();
    await Promise.all([...this.running.values()].map(({ ended }) => ended));
  }

  private async claim(): Promise<void> {
    const rows = await this.queries.rows(
      `UPDATE audio_prep_jobs SET status = 'processing', stage = 'queued', progress = 0, updatedAt = ?
       WHERE rowid IN (SELECT rowid FROM audio_prep_jobs WHERE status = 'pending' AND type IN (${MARKS})
                       ORDER BY createdAt LIMIT ?)
       RETURNING jobId, type, metadata`,
      ...[now(), ...JOB_TYPES, this.options.slots - this.running.size],
    );
    for (const row of rows) this.start(row);
  }

  private start(row: Row): void {
    const id = String(row["jobId"]);
    const cancel = new AbortController();
    const ended = this.play(id, row["type"] as JobType, String(row["metadata"]), cancel.signal)
      .catch((error: unknown) => this.fail(id, error))
      .finally(() => this.running.delete(id));
    this.running.set(id, { ended, cancel });
  }

  private async play(id: string, type: JobType, text: string, signal: AbortSignal): Promise<void> {
    const metadata = parsed(text, type);
    refuse(type, metadata);
    const script = { ...this.options, ...metadata.fake };
    const whole = beats(type, script.script ?? "fast");
    const failure = failureOf(script);
    for (const beat of failure ? whole.slice(0, whole.length / 2) : whole) {
      const sql = `UPDATE audio_prep_jobs SET stage = ?, progress = ?, updatedAt = ? WHERE jobId = ? AND status = 'processing'`;
      if (signal.aborted || !(await this.queries.change(sql, beat.stage, beat.progress, now(), id))) return;
      await pause(beat.pause);
    }
    if (failure) throw failure;
    while (script.script === "never-acknowledges" && !signal.aborted) await pause(this.options.interval);
    if (signal.aborted) return;
    const result = await make(type, metadata, await assetOf(id), this.options.files);
    const sql = `UPDATE audio_prep_jobs SET status = 'complete', stage = ?, progress = 100, result = ?, error = NULL, updatedAt = ?
                 WHERE jobId = ? AND status = 'processing'`;
    const kept = await this.queries.change(sql, whole.at(-1)!.stage, JSON.stringify(result), now(), id);
    if (!kept && type === "ingest") await this.discard(await assetOf(id));
  }

  private async fail(id: string, error: unknown): Promise<void> {
    const failure = error instanceof Failure ? error : new Failure(`The fake bridge failed: ${String(error)}`, "Unexpected");
    const sql = `UPDATE audio_prep_jobs SET status = 'failed', error = ?, result = ?, updatedAt = ?
                 WHERE jobId = ? AND status = 'processing'`;
    await this.queries.change(sql, failure.message, failure.result, now(), id);
  }

  private async acknowledge(): Promise<void> {
    const rows = await this.queries.rows(
      `SELECT jobId, metadata FROM audio_prep_jobs WHERE status = 'cancelled' AND stage IS NOT NULL AND type IN (${MARKS})`,
      ...JOB_TYPES,
    );
    for (const row of rows) {
      const id = String(row["jobId"]);
      if (!this.acknowledges(String(row["metadata"]))) continue;
      const running = this.running.get(id);
      running?.cancel.abort();
      await running?.ended;
      const sql = `UPDATE audio_prep_jobs SET stage = NULL, progress = 0, updatedAt = ?
                   WHERE jobId = ? AND status = 'cancelled' AND stage IS NOT NULL`;
      await this.queries.change(sql, now(), id);
    }
  }

  private acknowledges(text: string): boolean {
    try {
      const script = { ...this.options, ...parsed(text, "ingest").fake };
      return script.script !== "never-acknowledges";
    } catch {
      return true; // no JSON: no script of its own
    }
  }

  private async discard(assetId: string): Promise<void> {
    for (const key of [keys.metadata, keys.peaks, keys.peaksDat, keys.waveform].map((of) => of(assetId))) await this.options.files.remove(key);
  }
}

/** The asset of an ingest: a UUID made of the job's id, the same at every try. */
const assetOf = async (id: string): Promise<string> =>
  (await sha256(id)).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, "$1-$2-5$3-8$4-$5");

function parsed(text: string, type: string): Metadata {
  try {
    return JSON.parse(text) as Metadata;
  } catch {
    throw new Failure(`The metadata of this ${type} job is invalid: it is not valid JSON.`, "InvalidPayload", 0);
  }
}
