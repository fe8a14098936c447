-- What people ask for by few characters. Reads as many rows as it returns.

-- name: ids_from
-- A range of the primary key.
SELECT CAST(jobId AS BLOB) FROM audio_prep_jobs
WHERE jobId >= :first AND jobId < :after ORDER BY jobId LIMIT :limit;

-- name: newest_id
SELECT CAST(jobId AS BLOB) FROM audio_prep_jobs INDEXED BY idx_jobs_created
WHERE createdAt <= :until ORDER BY createdAt DESC LIMIT 1;
