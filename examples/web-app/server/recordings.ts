/** Who owns what: the app's own table beside audioprep's. Every route asks here before it touches a job or an asset. */
import type { Client } from "@libsql/client";

/** A row of this table: an ingest (`recording` is its own id), or a job that works on one. */
export interface Owned {
  jobId: string;
  recording: string;
  name: string;
}

const TABLE = `CREATE TABLE IF NOT EXISTS app_jobs (
  jobId TEXT PRIMARY KEY, userId TEXT NOT NULL, recording TEXT NOT NULL, name TEXT NOT NULL, createdAt TEXT NOT NULL
)`;
const INDEX = "CREATE INDEX IF NOT EXISTS app_jobs_of_user ON app_jobs (userId, createdAt)";

export class Recordings {
  constructor(private readonly database: Client) {}

  async migrate(): Promise<void> {
    await this.database.batch([TABLE, INDEX], "write");
  }

  async add(userId: string, { jobId, recording, name }: Owned): Promise<void> {
    const sql = "INSERT INTO app_jobs (jobId, userId, recording, name, createdAt) VALUES (?, ?, ?, ?, ?)";
    await this.database.execute({ sql, args: [jobId, userId, recording, name, new Date().toISOString()] });
  }

  /** Of this user; null for another's as for one that is not there. */
  async find(userId: string, jobId: string): Promise<Owned | null> {
    const sql = "SELECT jobId, recording, name FROM app_jobs WHERE jobId = ? AND userId = ?";
    const { rows } = await this.database.execute({ sql, args: [jobId, userId] });
    return (rows[0] as unknown as Owned) ?? null;
  }

  async list(userId: string): Promise<Owned[]> {
    const sql = `SELECT jobId, recording, name FROM app_jobs WHERE userId = ? AND jobId = recording
                 ORDER BY createdAt DESC LIMIT 50`;
    return (await this.database.execute({ sql, args: [userId] })).rows as unknown as Owned[];
  }

  /** Every job of a recording, newest first. */
  async jobsOf(userId: string, recording: string): Promise<Owned[]> {
    const sql = "SELECT jobId, recording, name FROM app_jobs WHERE recording = ? AND userId = ? ORDER BY createdAt DESC";
    return (await this.database.execute({ sql, args: [recording, userId] })).rows as unknown as Owned[];
  }

  async remove(userId: string, recording: string): Promise<void> {
    const sql = "DELETE FROM app_jobs WHERE recording = ? AND userId = ?";
    await this.database.execute({ sql, args: [recording, userId] });
  }
}
