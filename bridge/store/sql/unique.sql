-- name: create_unique_index
-- One active row for a key, type and tenant: the second INSERT breaks it, or does nothing with ON CONFLICT DO NOTHING.
CREATE UNIQUE INDEX IF NOT EXISTS idx_jobs_unique ON audio_prep_jobs (type, coalesce({tenant}, ''), {unique_key})
WHERE {active} AND {unique_key} IS NOT NULL;
