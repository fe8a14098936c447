/** Settings from the environment; the defaults are those of `audioprep dev` in the folder above. */
import { randomBytes } from "node:crypto";

const env = process.env;

export const settings = {
  port: Number(env.PORT ?? 3000),
  databaseUrl: env.TURSO_DATABASE_URL ?? "file:../../.audioprep/jobs.db",
  databaseToken: env.TURSO_AUTH_TOKEN,
  /** The same as audioprep's: `file:PATH` or `s3://bucket/prefix` with AWS_* variables. */
  storageUrl: env.AUDIOPREP_STORAGE_URL ?? "file:../../.audioprep/storage",
  wakeUrl: env.AUDIOPREP_WAKE_URL,
  wakeSecret: env.AUDIOPREP_WAKE_SECRET,
  /** Signs cookies and local uploads. Set it, or everybody is somebody else after a restart. */
  secret: env.APP_SECRET ?? randomBytes(32).toString("hex"),
  maxBytes: 100_000_000,
};
