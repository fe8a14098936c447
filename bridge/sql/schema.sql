-- The table is shared with other programs: an existing one is never altered. We may add indexes to it.

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

-- name: create_status_index
CREATE INDEX IF NOT EXISTS idx_jobs_status ON audio_prep_jobs (status);

-- name: create_created_index
CREATE INDEX IF NOT EXISTS idx_jobs_created ON audio_prep_jobs (createdAt);

-- name: create_updated_index
CREATE INDEX IF NOT EXISTS idx_jobs_updated ON audio_prep_jobs (updatedAt);

-- name: create_claim_index
-- Finds the oldest pending rows without reading the others.
CREATE INDEX IF NOT EXISTS idx_jobs_claim ON audio_prep_jobs (status, createdAt);

-- name: create_cancel_index
-- Holds only cancels that nobody acknowledged yet: looking for them costs nothing when there are none. The status is
-- in it so that it is searched, not scanned: a scan counts as a row read even when the index is empty.
CREATE INDEX IF NOT EXISTS idx_jobs_cancel_requested ON audio_prep_jobs (status, updatedAt)
WHERE status = 'cancelled' AND stage IS NOT NULL;
