-- The jobs table is shared with other programs: an existing one is never altered. We may add indexes to it.

-- name: create_table
CREATE TABLE IF NOT EXISTS audio_prep_jobs (
  jobId TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending',
  progress REAL NOT NULL DEFAULT 0,
  stage TEXT,
  metadata TEXT NOT NULL DEFAULT '{}',
  result TEXT,
  error TEXT,
  retryCount INTEGER NOT NULL DEFAULT 0,
  createdAt TEXT NOT NULL,
  updatedAt TEXT NOT NULL
);

-- name: columns
-- Reads no row, and fails when an existing table lacks a column. One made WITHOUT ROWID has no rowid to claim by.
SELECT rowid, jobId, type, status, progress, stage, metadata, result, error, retryCount, createdAt, updatedAt
FROM audio_prep_jobs LIMIT 0;

-- name: create_meta_table
-- What audioprep knows of the jobs table itself: its identity.
CREATE TABLE IF NOT EXISTS audio_prep_meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- name: make_table_id
-- Random, and for ever: of two migrations at once the first one's counts, also in a table without a primary key.
INSERT OR IGNORE INTO audio_prep_meta (name, value)
SELECT 'tableId', lower(hex(randomblob(6))) WHERE NOT EXISTS (SELECT 1 FROM audio_prep_meta WHERE name = 'tableId');

-- name: create_outbox_table
-- Ends of jobs whose webhook is not under way yet; stays empty without a webhook URL.
CREATE TABLE IF NOT EXISTS audio_prep_outbox (
  jobId TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  event TEXT NOT NULL,
  endedAt TEXT NOT NULL
) WITHOUT ROWID;

-- name: create_service_table
-- Which bridges are alive, for programs that know only the database. Times are ISO 8601, UTC.
CREATE TABLE IF NOT EXISTS audio_prep_service (
  bridge TEXT PRIMARY KEY,
  seenAt TEXT NOT NULL,
  aliveUntil TEXT NOT NULL,
  workers INTEGER,
  inFlight INTEGER NOT NULL,
  slots INTEGER NOT NULL,
  medianSeconds TEXT NOT NULL
) WITHOUT ROWID;

-- name: create_controls_table
-- What an operator or a breaker has paused; empty otherwise. Polls search it by `control` alone, which is 'pause'; of 'breaker'
-- is one row for each source that a breaker has paused, `reason` being the job that tries the source, `until` since when refusals count.
CREATE TABLE IF NOT EXISTS audio_prep_controls (
  control TEXT NOT NULL,
  scope TEXT NOT NULL,
  until TEXT NOT NULL,
  reason TEXT NOT NULL,
  madeBy TEXT NOT NULL,
  madeAt TEXT NOT NULL,
  PRIMARY KEY (control, scope)
) WITHOUT ROWID;

-- name: create_status_index
CREATE INDEX IF NOT EXISTS idx_jobs_status ON audio_prep_jobs (status);

-- name: create_created_index
CREATE INDEX IF NOT EXISTS idx_jobs_created ON audio_prep_jobs (createdAt);

-- name: create_updated_index
CREATE INDEX IF NOT EXISTS idx_jobs_updated ON audio_prep_jobs (updatedAt);

-- name: create_claim_index
-- Finds the newest rows of a status, for lists, and counts what waits in front of a job.
CREATE INDEX IF NOT EXISTS idx_jobs_claim ON audio_prep_jobs (status, createdAt);

-- name: create_served_index
-- Finds the oldest rows of a type that is served without reading those of other programs' types.
CREATE INDEX IF NOT EXISTS idx_jobs_served ON audio_prep_jobs (status, type, createdAt);

-- name: create_cancels_index
-- Holds only cancels that are not acknowledged yet: looking for them costs nothing when there are none. The status is
-- in it so that it is searched, not scanned: a scan counts as a row read even when the index is empty.
CREATE INDEX IF NOT EXISTS idx_jobs_cancels ON audio_prep_jobs (status, type, updatedAt)
WHERE status = 'cancelled' AND stage IS NOT NULL;

-- name: create_tenant_index
-- Finds each tenant's oldest rows, and counts those being processed. A row without a tenant is not in it.
CREATE INDEX IF NOT EXISTS idx_jobs_tenant ON audio_prep_jobs (status, type, {tenant}, createdAt)
WHERE {active} AND {tenant} IS NOT NULL;

-- name: create_superseding_index
-- Finds rows that may take the place of others by their rowid: the newest of them were not looked at yet.
CREATE INDEX IF NOT EXISTS idx_jobs_superseding ON audio_prep_jobs (status, type)
WHERE status = 'pending' AND {supersedes} IS NOT NULL;

-- name: create_superseded_index
CREATE INDEX IF NOT EXISTS idx_jobs_superseded ON audio_prep_jobs ({supersedes}, createdAt)
WHERE {active} AND {supersedes} IS NOT NULL;

-- name: drop_cancel_index
-- The one before it, which did not know types.
DROP INDEX IF EXISTS idx_jobs_cancel_requested;
