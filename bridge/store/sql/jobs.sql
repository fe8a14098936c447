-- Every change of a row's state goes through a guard in its WHERE (optimistic locking): the loser of a race updates 0
-- rows. `:now` is ISO 8601, UTC, milliseconds.
--
-- {name} stands for the fragment of that name. What is between "each type" and "end" is repeated for every type that
-- is served, as a UNION ALL, with `:type` as that type: an index search each, which stops at its limit.

-- name: row
-- What a poll reads of a row: no metadata and no result, since one answer must hold thousands of rows. Values that other
-- programs left in the wrong form are read as 0. Text is read as bytes: one value that is not UTF-8 would be an error of
-- the whole answer. Without aliases: ORDER BY would sort by them, past the index.
CAST(substr(jobId, 1, 200) AS BLOB), CAST(substr(type, 1, 100) AS BLOB), CAST(substr(status, 1, 100) AS BLOB),
iif(progress BETWEEN 0 AND 100, progress, 0), CAST(substr(stage, 1, 100) AS BLOB), NULL, NULL, NULL,
iif(retryCount BETWEEN 0 AND 1000000, retryCount, 0), CAST(substr(createdAt, 1, 40) AS BLOB),
CAST(substr(updatedAt, 1, 40) AS BLOB)

-- name: readable_id
-- Only such ids are claimed; a row with another one is not ours.
typeof(jobId) = 'text' AND length(jobId) BETWEEN 1 AND 200

-- name: listed
-- What a list reads of a row: JSON that is large is left out, other text that is long is cut.
CAST(substr(jobId, 1, 1000) AS BLOB), CAST(substr(type, 1, 100) AS BLOB), CAST(substr(status, 1, 100) AS BLOB),
iif(progress BETWEEN 0 AND 100, progress, 0), CAST(substr(stage, 1, 100) AS BLOB),
CASE WHEN length(CAST(metadata AS BLOB)) <= :inline THEN CAST(metadata AS BLOB) END,
CASE WHEN length(CAST(result AS BLOB)) <= :inline THEN CAST(result AS BLOB) END,
CAST(substr(error, 1, 1000) AS BLOB), iif(retryCount BETWEEN 0 AND 1000000, retryCount, 0),
CAST(substr(createdAt, 1, 40) AS BLOB), CAST(substr(updatedAt, 1, 40) AS BLOB)

-- name: refusal
-- Why a row can never become a job; NULL when it may.
CASE
  WHEN NOT ({readable_id}) OR instr(CAST(jobId AS BLOB), x'00') > 0
    OR jobId GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*' THEN :bad_id
  WHEN typeof(metadata) <> 'text' THEN :not_text
  WHEN length(CAST(metadata AS BLOB)) > :max_bytes THEN :too_large
END

-- name: claimed
-- What a claim writes. A row that can never become a job fails here, so that no later step meets an id or metadata beyond
-- the limits.
(status, stage, progress, error, result, updatedAt) = (
  SELECT iif(why IS NULL, 'processing', 'failed'), iif(why IS NULL, 'queued', NULL), 0, why, iif(why IS NULL, result, :refused), :now
  FROM (SELECT {refusal} AS why)
)

-- name: claim_columns
CAST(substr(jobId, 1, 200) AS BLOB), type, status, 0, stage,
  CASE WHEN status = 'processing' AND length(CAST(metadata AS BLOB)) <= :inline THEN CAST(metadata AS BLOB) END, NULL, error,
  iif(retryCount BETWEEN 0 AND 1000000, retryCount, 0), CAST(substr(createdAt, 1, 40) AS BLOB), updatedAt

-- name: claim
-- The oldest pending rows of the types served, in one statement. `{unheld*}` are empty unless something is paused.
UPDATE audio_prep_jobs
SET {claimed}
WHERE rowid IN (
  SELECT id FROM (
    /* each type */
    SELECT * FROM (
      SELECT rowid AS id, createdAt FROM audio_prep_jobs INDEXED BY idx_jobs_served
      WHERE status = 'pending' AND type = :type {unheld_type} {unheld} ORDER BY createdAt LIMIT :capacity
    )
    /* end */
  )
  ORDER BY createdAt LIMIT :capacity
)
RETURNING {claim_columns};

-- name: refuse
-- SQL cannot tell whether text is UTF-8: an id that is not is found when its claim is read.
UPDATE audio_prep_jobs
SET status = 'failed', stage = NULL, error = :bad_id, result = :refused, updatedAt = :now
WHERE jobId = CAST(:raw_id AS TEXT) AND status = 'processing' AND stage = 'queued';

-- name: open_cancels
SELECT {row} FROM audio_prep_jobs INDEXED BY idx_jobs_cancels
WHERE status = 'cancelled' AND stage IS NOT NULL AND type = :type AND {readable_id}

-- name: open_rows
SELECT * FROM (
  SELECT {row} FROM audio_prep_jobs INDEXED BY idx_jobs_served
  WHERE status = 'processing' AND type = :type AND {readable_id} ORDER BY createdAt LIMIT :processing
)
UNION ALL SELECT * FROM (
  SELECT {row} FROM audio_prep_jobs INDEXED BY idx_jobs_served
  WHERE status = 'pending' AND type = :type ORDER BY createdAt LIMIT :waiting
)

-- name: marks
-- Whether rows wait that have a tenant, and the newest row that may take the place of others: two rows at most, whose status is
-- no word of the contract.
SELECT * FROM (
  SELECT NULL, type, '(tenant)', 0, NULL, NULL, NULL, NULL, 0, '', '' FROM audio_prep_jobs INDEXED BY idx_jobs_tenant
  WHERE status = 'pending' AND {active} AND type = :type AND {tenant} IS NOT NULL LIMIT :waiting
)
UNION ALL SELECT * FROM (
  SELECT rowid, type, '(supersedes)', 0, NULL, NULL, NULL, NULL, 0, '', '' FROM audio_prep_jobs INDEXED BY idx_jobs_superseding
  WHERE status = 'pending' AND type = :type AND {supersedes} IS NOT NULL ORDER BY rowid DESC LIMIT 1
)

-- name: pauses
-- What is paused: the scope as type, its end as creation, 1 as progress if a breaker did it. A search by equality alone, which reads no row when nothing is paused.
SELECT * FROM (
  SELECT NULL, CAST(substr(scope, 1, 100) AS BLOB), '(paused)', {automatic}, NULL, NULL, NULL, NULL, 0,
    CAST(substr(until, 1, 40) AS BLOB), '' FROM audio_prep_controls WHERE control = 'pause' LIMIT 100
)

-- name: look
-- All that a poll wants to know, in one statement: cancels to carry out, rows being processed, and whether any wait. A
-- part with a limit of 0, or that finds nothing, reads no row: it is a search by equality alone.
-- The planner uses a partial index only when it is named.
/* each type */
SELECT * FROM ({open_cancels} ORDER BY updatedAt LIMIT :cancels) UNION ALL {open_rows} UNION ALL {marks}
/* end */
UNION ALL {pauses};

-- name: look_since
-- The same without the cancels from before `:cancelled_since`. A search by range reads a row even when it finds none: so
-- it is for polls that know of cancels which wait to be carried out.
/* each type */
SELECT * FROM ({open_cancels} AND updatedAt >= :cancelled_since ORDER BY updatedAt LIMIT :cancels) UNION ALL {open_rows} UNION ALL {marks}
/* end */
UNION ALL {pauses};

-- name: pending
SELECT CAST(substr(createdAt, 1, 40) AS BLOB) FROM (
  /* each type */
  SELECT * FROM (
    SELECT createdAt FROM audio_prep_jobs INDEXED BY idx_jobs_served
    WHERE status = 'pending' AND type = :type ORDER BY createdAt LIMIT :limit
  )
  /* end */
)
ORDER BY createdAt LIMIT :limit;

-- name: queue
-- How many rows wait, up to `:limit` of each type, and since when the oldest does. Nothing is sorted: each row counts once.
SELECT sum(n), CAST(substr(min(oldest), 1, 40) AS BLOB) FROM (
  /* each type */
  SELECT count(*) AS n, min(createdAt) AS oldest FROM (
    SELECT createdAt FROM audio_prep_jobs INDEXED BY idx_jobs_served
    WHERE status = 'pending' AND type = :type ORDER BY createdAt LIMIT :limit
  )
  /* end */
);

-- name: pending_types
-- Every type that has pending rows, with their number up to `:limit`: one index search for each type, not for each row.
WITH RECURSIVE kinds (type, n) AS (
  SELECT (SELECT min(type) FROM audio_prep_jobs INDEXED BY idx_jobs_served WHERE status = 'pending'), 1
  UNION ALL
  SELECT (
    SELECT min(type) FROM audio_prep_jobs INDEXED BY idx_jobs_served WHERE status = 'pending' AND type > kinds.type
  ), n + 1
  FROM kinds WHERE kinds.type IS NOT NULL AND n < :types
)
SELECT CAST(substr(type, 1, 100) AS BLOB) AS type, (
  SELECT count(*) FROM (
    SELECT 1 FROM audio_prep_jobs INDEXED BY idx_jobs_served
    WHERE status = 'pending' AND type = kinds.type LIMIT :limit
  )
) AS count
FROM kinds WHERE type IS NOT NULL;

-- name: get
SELECT CAST(jobId AS BLOB), CAST(type AS BLOB), CAST(status AS BLOB), iif(progress BETWEEN 0 AND 100, progress, 0),
  CAST(stage AS BLOB), CAST(metadata AS BLOB), CAST(result AS BLOB), CAST(error AS BLOB),
  iif(retryCount BETWEEN 0 AND 1000000, retryCount, 0), CAST(createdAt AS BLOB), CAST(updatedAt AS BLOB)
FROM audio_prep_jobs
WHERE jobId = :job_id;

-- name: get_listed
SELECT {listed} FROM audio_prep_jobs WHERE jobId = :job_id;

-- name: get_row
SELECT {row} FROM audio_prep_jobs WHERE jobId = :job_id;

-- name: metadata
-- NULL when it is too large to become a job, or is not text.
SELECT CASE WHEN typeof(metadata) = 'text' AND length(CAST(metadata AS BLOB)) <= :max_bytes THEN CAST(metadata AS BLOB) END
FROM audio_prep_jobs
WHERE jobId = :job_id;

-- name: newest
-- Asked twice: rows that say they come from a later time are not the newest.
-- No index begins with the type: so a type is looked for among the newest `:scanned` rows.
SELECT {listed}
FROM (
  SELECT * FROM audio_prep_jobs INDEXED BY idx_jobs_created
  WHERE createdAt >= :since AND createdAt <= :until ORDER BY createdAt DESC LIMIT :scanned
)
WHERE :type IS NULL OR type = :type LIMIT :limit;

-- name: newest_of_status
-- The index is named, since the one on status alone would have all rows of the status read and sorted.
SELECT {listed}
FROM (
  SELECT * FROM audio_prep_jobs INDEXED BY idx_jobs_claim
  WHERE status = :status AND createdAt >= :since AND createdAt <= :until ORDER BY createdAt DESC LIMIT :scanned
)
WHERE :type IS NULL OR type = :type LIMIT :limit;

-- name: unfinished
-- Rows that a person may wait for, of whatever type: those being cancelled, those being processed, the oldest that wait.
SELECT * FROM (
  SELECT {listed} FROM audio_prep_jobs INDEXED BY idx_jobs_cancels
  WHERE status = 'cancelled' AND stage IS NOT NULL LIMIT :limit
)
UNION ALL SELECT * FROM (
  SELECT {listed} FROM audio_prep_jobs INDEXED BY idx_jobs_claim
  WHERE status = 'processing' ORDER BY createdAt LIMIT :limit
)
UNION ALL SELECT * FROM (
  SELECT {listed} FROM audio_prep_jobs INDEXED BY idx_jobs_claim
  WHERE status = 'pending' ORDER BY createdAt LIMIT :limit
);

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
SET status = 'failed', stage = coalesce(:stage, stage), error = :error, result = :result, updatedAt = :now
WHERE jobId = :job_id AND status = 'processing';

-- name: reap
-- Like fail, but only if the row has not been touched since it was found stale.
UPDATE audio_prep_jobs
SET status = 'failed', error = :error, result = :result, updatedAt = :now
WHERE jobId = :job_id AND status = 'processing' AND updatedAt = :seen_at;

-- name: request_cancel
-- What a web app does to cancel: the stage stays, and tells that the cancel is not acknowledged yet.
UPDATE audio_prep_jobs
SET status = 'cancelled', updatedAt = :now
WHERE jobId = :job_id AND status IN ('pending', 'processing');

-- name: cancel_pending
-- Rows that came after the ones a person was shown stay. Nothing ran for a pending row: there is nothing to acknowledge.
UPDATE audio_prep_jobs
SET status = 'cancelled', updatedAt = :now
WHERE rowid IN (
  /* each type */
  SELECT * FROM (
    SELECT rowid FROM audio_prep_jobs INDEXED BY idx_jobs_served
    WHERE status = 'pending' AND type = :type AND createdAt <= :until
  )
  /* end */
)
RETURNING CAST(jobId AS BLOB);

-- name: record_cancel
-- The workflow was cancelled from the Temporal side: the row follows, acknowledged at once.
UPDATE audio_prep_jobs
SET status = 'cancelled', stage = NULL, progress = 0, updatedAt = :now
WHERE jobId = :job_id AND status = 'processing';

-- name: acknowledge_cancel
UPDATE audio_prep_jobs
SET stage = NULL, progress = 0, updatedAt = :now
WHERE jobId = :job_id AND status = 'cancelled' AND stage IS NOT NULL;

-- name: make_place
INSERT OR IGNORE INTO audio_prep_meta (name, value)
SELECT 'place', :place WHERE NOT EXISTS (SELECT 1 FROM audio_prep_meta WHERE name = 'place');

-- name: renew_table_id
UPDATE audio_prep_meta SET value = lower(hex(randomblob(6))) WHERE name = 'tableId';

-- name: set_meta
INSERT INTO audio_prep_meta (name, value) VALUES (:name, :value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: meta
SELECT name, value FROM audio_prep_meta;
