-- What the newest rows say of a month, for an estimate of its cost. Reads `:scanned` rows at most.

-- name: usage
SELECT CAST(substr(type, 1, 100) AS BLOB), count(*),
  avg(iif(status = 'complete', (julianday(updatedAt) - julianday(createdAt)) * 86400, NULL)),
  avg(iif(retryCount BETWEEN 0 AND 1000, retryCount, 0)),
  sum(coalesce(length(CAST(metadata AS BLOB)), 0) + coalesce(length(CAST(result AS BLOB)), 0)
    + coalesce(length(CAST(error AS BLOB)), 0)),
  sum(CASE WHEN status = 'complete' AND json_valid(result) THEN
    CASE WHEN json_type(result, '$.bytes') = 'integer' THEN json_extract(result, '$.bytes') END END),
  sum(CASE WHEN status = 'complete' AND json_valid(result) THEN
    CASE WHEN json_type(result, '$.entries') = 'array' THEN json_array_length(result, '$.entries') END END),
  CAST(substr(min(createdAt), 1, 40) AS BLOB)
FROM (
  SELECT * FROM audio_prep_jobs INDEXED BY idx_jobs_created
  WHERE createdAt >= :since ORDER BY createdAt DESC LIMIT :scanned
)
GROUP BY type;
