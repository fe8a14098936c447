-- Many rows at once, by a person who has seen what they are: selections, and retries.

-- name: kind
-- The kind of error that a failed row names; NULL for a row of another program, or of an earlier version.
CASE WHEN typeof(result) = 'text' AND json_valid(result) THEN CAST(json_extract(result, '$.error.kind') AS TEXT) END

-- name: not_retried
(typeof(result) <> 'text' OR NOT json_valid(result) OR json_type(result) <> 'object'
  OR json_extract(result, '$.retriedAs') IS NULL)

-- name: select
-- The newest rows of one type and status, sought among the newest `:scanned` of them.
SELECT CAST(substr(jobId, 1, 200) AS BLOB), CAST(substr(type, 1, 100) AS BLOB), CAST(substr(status, 1, 100) AS BLOB),
  substr({kind}, 1, 100), CAST(substr(createdAt, 1, 40) AS BLOB)
FROM (
  SELECT * FROM audio_prep_jobs INDEXED BY idx_jobs_served
  WHERE status = :status AND type = :type AND createdAt >= :since ORDER BY createdAt DESC LIMIT :scanned
)
WHERE typeof(jobId) = 'text' AND length(jobId) BETWEEN 1 AND 200
  AND (status NOT IN ('failed', 'cancelled') OR {not_retried}) AND (status <> 'cancelled' OR stage IS NULL)
LIMIT :limit;

-- name: part_failed
-- A playlist that is complete although some of its entries failed: a retry is for these.
(status = 'complete' AND type = 'playlist' AND typeof(result) = 'text' AND EXISTS (
  SELECT 1 FROM json_each(CASE WHEN json_valid(result) THEN result ELSE '{}' END, '$.entries')
  WHERE json_extract(value, '$.status') <> 'complete'))

-- name: mark_retried
-- Optimistic locking: of two retries of one row the second updates 0 rows, so that it inserts none. The time of the end
-- stays what it was.
UPDATE audio_prep_jobs
SET result = json_set(
  CASE WHEN typeof(result) = 'text' AND json_valid(result) AND json_type(result) = 'object' THEN result ELSE '{}' END,
  '$.retriedAs', :new_id
)
WHERE jobId = :job_id AND (status = 'failed' OR (status = 'cancelled' AND stage IS NULL) OR {part_failed}) AND {not_retried}
  AND typeof(metadata) = 'text' AND json_valid(metadata) AND json_type(metadata) = 'object';

-- name: insert_retry
-- Only for the row that the statement before has marked. A retry of a retry names the first job.
INSERT INTO audio_prep_jobs (jobId, type, status, metadata, createdAt, updatedAt)
SELECT :new_id, type, 'pending',
  json_set(metadata, '$.retryOf', coalesce(json_extract(metadata, '$.retryOf'), jobId)), :now, :now
FROM audio_prep_jobs WHERE changes() = 1 AND jobId = :job_id;
