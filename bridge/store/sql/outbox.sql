-- Transactional outbox: the end of a row and its entry here are written in one transaction, the entry after the row.

-- name: wanted
-- Whether a webhook is wanted for the row. `:types` and `:statuses` are lists with a comma at both ends of each word.
instr(:types, ',' || type || ',') > 0 AND instr(:statuses, ',' || status || ',') > 0

-- name: enter
-- For the row that the statement before has changed. A cancel that is not acknowledged yet is no end.
INSERT OR IGNORE INTO audio_prep_outbox (jobId, type, event, endedAt)
SELECT jobId, type, 'job.' || status, updatedAt FROM audio_prep_jobs
WHERE changes() = 1 AND jobId = :job_id AND status IN ('complete', 'failed', 'cancelled')
  AND (status <> 'cancelled' OR stage IS NULL) AND {wanted};

-- name: enter_all
-- For all rows that the statement before has brought to `:status`. Reads those it has changed, by its time.
INSERT OR IGNORE INTO audio_prep_outbox (jobId, type, event, endedAt)
SELECT jobId, type, 'job.' || status, updatedAt FROM audio_prep_jobs INDEXED BY idx_jobs_updated
WHERE changes() > 0 AND updatedAt = :now AND status = :status AND stage IS NULL
  AND typeof(jobId) = 'text' AND length(jobId) BETWEEN 1 AND 200 AND {wanted};

-- name: entries
-- The row may be gone, and what other programs left in it may be of any kind.
SELECT CAST(entry.jobId AS BLOB), CAST(entry.type AS BLOB), CAST(entry.event AS BLOB), CAST(entry.endedAt AS BLOB),
  CASE WHEN length(CAST(job.result AS BLOB)) <= :inline THEN CAST(job.result AS BLOB) END,
  coalesce(length(CAST(job.result AS BLOB)) > :inline, 0),
  CAST(substr(job.error, 1, 1000) AS BLOB), iif(job.retryCount BETWEEN 0 AND 1000000, job.retryCount, 0),
  CAST(substr(job.createdAt, 1, 40) AS BLOB),
  CASE WHEN length(CAST(job.metadata AS BLOB)) <= :max_metadata AND json_valid(job.metadata) THEN
    CASE WHEN json_type(job.metadata, '$.tenant') = 'text'
      THEN CAST(substr(json_extract(job.metadata, '$.tenant'), 1, 64) AS BLOB) END
  END
FROM (SELECT * FROM audio_prep_outbox LIMIT :limit) AS entry
LEFT JOIN audio_prep_jobs AS job ON job.jobId = entry.jobId;

-- name: remove
DELETE FROM audio_prep_outbox WHERE jobId = CAST(:job_id AS TEXT) AND endedAt = CAST(:ended_at AS TEXT);
