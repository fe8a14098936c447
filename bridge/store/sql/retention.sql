-- Retention: final rows are deleted by the time of their end. Times are compared as text, ISO 8601.

-- name: ended_before
-- Only what ended before `:cut`, as far as its time can be read; a cancel that is not acknowledged has not ended.
updatedAt GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' AND replace(updatedAt, ' ', 'T') < :cut
AND NOT (status = 'cancelled' AND stage IS NOT NULL)

-- name: page
-- Rows of one type and status in the order of the index, and which of them may be deleted. A row ended after it was made:
-- so the index on createdAt bounds the search, and no index of its own is written with every job. Rows that stay are
-- passed by their place, not read again.
SELECT rowid, CAST(substr(createdAt, 1, 40) AS BLOB), {ended_before}
FROM audio_prep_jobs INDEXED BY idx_jobs_served
WHERE status = :status AND type = :type AND createdAt < :cut
  AND (createdAt, rowid) > (CAST(:after AS TEXT), :after_rowid)
ORDER BY createdAt, rowid LIMIT :limit;

-- name: delete_ended
-- Guarded: of two bridges with the same page the second deletes nothing, and no row that has another status by now goes.
-- The plus keeps the planner from an index on the status, by which it would read all rows of it.
DELETE FROM audio_prep_jobs
WHERE rowid IN (SELECT value FROM json_each(:rowids)) AND +status = :status AND +type = :type AND {ended_before};

-- name: count_ended
SELECT count(*) FROM (
  SELECT 1 FROM audio_prep_jobs INDEXED BY idx_jobs_served
  WHERE status = :status AND type = :type AND createdAt < :cut AND {ended_before} LIMIT :limit
);

-- name: table_span
-- An upper bound of the number of rows, for two rows read.
SELECT coalesce((SELECT max(rowid) FROM audio_prep_jobs) - (SELECT min(rowid) FROM audio_prep_jobs) + 1, 0);
