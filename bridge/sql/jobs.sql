-- Every change of a row's state goes through a guard in its WHERE: who comes second changes nothing and is told so by
-- the row count. `:now` is ISO 8601, UTC, milliseconds.

-- name: claim
-- The oldest pending rows, in one statement. The guard is inside: repeating it outside would make the plan scan.
UPDATE audio_prep_jobs
SET status = 'processing', stage = 'queued', progress = 0, updatedAt = :now
WHERE rowid IN (
  SELECT rowid FROM audio_prep_jobs INDEXED BY idx_jobs_claim
  WHERE status = 'pending' ORDER BY createdAt LIMIT :capacity
)
RETURNING jobId, type, status, progress, stage, metadata, result, error, retryCount, createdAt, updatedAt;

-- name: look
-- All that a look at the table wants to know, in one statement: cancels to carry out, rows being processed, and the oldest
-- that wait to be claimed. A part with a limit of 0, or that finds nothing, reads no row.
-- The planner uses a partial index only when it is named.
SELECT * FROM (
  SELECT jobId, type, status, progress, stage, metadata, result, error, retryCount, createdAt, updatedAt
  FROM audio_prep_jobs INDEXED BY idx_jobs_cancel_requested
  WHERE status = 'cancelled' AND stage IS NOT NULL ORDER BY updatedAt LIMIT :cancels
)
UNION ALL SELECT * FROM (
  SELECT jobId, type, status, progress, stage, metadata, result, error, retryCount, createdAt, updatedAt
  FROM audio_prep_jobs INDEXED BY idx_jobs_claim
  WHERE status = 'processing' ORDER BY createdAt LIMIT :processing
)
UNION ALL SELECT * FROM (
  SELECT jobId, type, status, progress, stage, metadata, result, error, retryCount, createdAt, updatedAt
  FROM audio_prep_jobs INDEXED BY idx_jobs_claim
  WHERE status = 'pending' ORDER BY createdAt LIMIT :waiting
);

-- name: pending
SELECT createdAt FROM audio_prep_jobs INDEXED BY idx_jobs_claim
WHERE status = 'pending' ORDER BY createdAt LIMIT :limit;

-- name: get
SELECT jobId, type, status, progress, stage, metadata, result, error, retryCount, createdAt, updatedAt
FROM audio_prep_jobs
WHERE jobId = :job_id;

-- name: newest
-- No index knows types, and one more would cost every INSERT: so a type is looked for among the newest `:scanned` rows.
SELECT jobId, type, status, progress, stage, metadata, result, error, retryCount, createdAt, updatedAt
FROM (
  SELECT * FROM audio_prep_jobs INDEXED BY idx_jobs_created
  WHERE createdAt >= :since ORDER BY createdAt DESC LIMIT :scanned
)
WHERE :type IS NULL OR type = :type LIMIT :limit;

-- name: newest_of_status
-- The index is named, since the one on status alone would have all rows of the status read and sorted.
SELECT jobId, type, status, progress, stage, metadata, result, error, retryCount, createdAt, updatedAt
FROM (
  SELECT * FROM audio_prep_jobs INDEXED BY idx_jobs_claim
  WHERE status = :status AND createdAt >= :since ORDER BY createdAt DESC LIMIT :scanned
)
WHERE :type IS NULL OR type = :type LIMIT :limit;

-- name: insert
INSERT INTO audio_prep_jobs (jobId, type, status, metadata, createdAt, updatedAt)
VALUES (:job_id, :type, 'pending', :metadata, :now, :now);

-- name: write_progress
-- Changes exactly the row that was looked at: one that changed meanwhile has newer news than ours.
UPDATE audio_prep_jobs
SET stage = :stage, progress = :progress, retryCount = :retry_count, updatedAt = :now
WHERE jobId = :job_id AND status = 'processing' AND updatedAt = :seen_at;

-- name: complete
UPDATE audio_prep_jobs
SET status = 'complete', stage = coalesce(:stage, stage), progress = 100, result = :result, error = NULL, updatedAt = :now
WHERE jobId = :job_id AND status = 'processing';

-- name: fail
UPDATE audio_prep_jobs
SET status = 'failed', stage = coalesce(:stage, stage), error = :error, updatedAt = :now
WHERE jobId = :job_id AND status = 'processing';

-- name: reap
-- Like fail, but only while nobody has touched the row since it was found stale.
UPDATE audio_prep_jobs
SET status = 'failed', error = :error, updatedAt = :now
WHERE jobId = :job_id AND status = 'processing' AND updatedAt = :seen_at;

-- name: request_cancel
-- What a web app does to cancel: the stage stays, and tells that nobody has acknowledged it yet.
UPDATE audio_prep_jobs
SET status = 'cancelled', updatedAt = :now
WHERE jobId = :job_id AND status IN ('pending', 'processing');

-- name: cancel_pending
-- Rows that came after the ones a person was shown stay. Nothing ran for a pending row: there is nothing to acknowledge.
UPDATE audio_prep_jobs INDEXED BY idx_jobs_claim
SET status = 'cancelled', updatedAt = :now
WHERE status = 'pending' AND createdAt <= :until
RETURNING jobId;

-- name: record_cancel
-- The workflow was cancelled from the Temporal side: the row follows, acknowledged at once.
UPDATE audio_prep_jobs
SET status = 'cancelled', stage = NULL, progress = 0, updatedAt = :now
WHERE jobId = :job_id AND status = 'processing';

-- name: acknowledge_cancel
UPDATE audio_prep_jobs
SET stage = NULL, progress = 0, updatedAt = :now
WHERE jobId = :job_id AND status = 'cancelled' AND stage IS NOT NULL;
