"""DDL made by `make clients-code` from bridge/store/sql/."""

from typing import Final

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS audio_prep_service ( bridge TEXT PRIMARY KEY, seenAt TEXT NOT NULL, aliveUntil TEXT NOT NULL, workers INTEGER, inFlight INTEGER NOT NULL, slots INTEGER NOT NULL, medianSeconds TEXT NOT NULL ) WITHOUT ROWID;",
    "CREATE TABLE IF NOT EXISTS audio_prep_outbox ( jobId TEXT PRIMARY KEY, type TEXT NOT NULL, event TEXT NOT NULL, endedAt TEXT NOT NULL ) WITHOUT ROWID;",
    "CREATE TABLE IF NOT EXISTS audio_prep_meta ( name TEXT PRIMARY KEY, value TEXT NOT NULL );",
    "CREATE TABLE IF NOT EXISTS audio_prep_jobs ( jobId TEXT PRIMARY KEY, type TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'pending', progress REAL NOT NULL DEFAULT 0, stage TEXT, metadata TEXT NOT NULL DEFAULT '{}', result TEXT, error TEXT, retryCount INTEGER NOT NULL DEFAULT 0, createdAt TEXT NOT NULL, updatedAt TEXT NOT NULL );",
    "CREATE TABLE IF NOT EXISTS audio_prep_controls ( control TEXT NOT NULL, scope TEXT NOT NULL, until TEXT NOT NULL, reason TEXT NOT NULL, madeBy TEXT NOT NULL, madeAt TEXT NOT NULL, PRIMARY KEY (control, scope) ) WITHOUT ROWID;",
    "CREATE INDEX IF NOT EXISTS idx_jobs_updated ON audio_prep_jobs (updatedAt);",
    "CREATE INDEX IF NOT EXISTS idx_jobs_tenant ON audio_prep_jobs (status, type, CASE WHEN typeof(metadata) = 'text' AND json_valid(metadata) AND json_type(metadata, '$.tenant') = 'text' THEN substr(json_extract(metadata, '$.tenant'), 1, 64) END, createdAt) WHERE status IN ('pending', 'processing') AND CASE WHEN typeof(metadata) = 'text' AND json_valid(metadata) AND json_type(metadata, '$.tenant') = 'text' THEN substr(json_extract(metadata, '$.tenant'), 1, 64) END IS NOT NULL;",
    "CREATE INDEX IF NOT EXISTS idx_jobs_superseding ON audio_prep_jobs (status, type) WHERE status = 'pending' AND CASE WHEN typeof(metadata) = 'text' AND json_valid(metadata) AND json_type(metadata, '$.supersedes') = 'text' THEN substr(json_extract(metadata, '$.supersedes'), 1, 200) END IS NOT NULL;",
    "CREATE INDEX IF NOT EXISTS idx_jobs_superseded ON audio_prep_jobs (CASE WHEN typeof(metadata) = 'text' AND json_valid(metadata) AND json_type(metadata, '$.supersedes') = 'text' THEN substr(json_extract(metadata, '$.supersedes'), 1, 200) END, createdAt) WHERE status IN ('pending', 'processing') AND CASE WHEN typeof(metadata) = 'text' AND json_valid(metadata) AND json_type(metadata, '$.supersedes') = 'text' THEN substr(json_extract(metadata, '$.supersedes'), 1, 200) END IS NOT NULL;",
    "CREATE INDEX IF NOT EXISTS idx_jobs_status ON audio_prep_jobs (status);",
    "CREATE INDEX IF NOT EXISTS idx_jobs_served ON audio_prep_jobs (status, type, createdAt);",
    "CREATE INDEX IF NOT EXISTS idx_jobs_created ON audio_prep_jobs (createdAt);",
    "CREATE INDEX IF NOT EXISTS idx_jobs_claim ON audio_prep_jobs (status, createdAt);",
    "CREATE INDEX IF NOT EXISTS idx_jobs_cancels ON audio_prep_jobs (status, type, updatedAt) WHERE status = 'cancelled' AND stage IS NOT NULL;",
    "CREATE UNIQUE INDEX IF NOT EXISTS idx_jobs_unique ON audio_prep_jobs (type, coalesce(CASE WHEN typeof(metadata) = 'text' AND json_valid(metadata) AND json_type(metadata, '$.tenant') = 'text' THEN substr(json_extract(metadata, '$.tenant'), 1, 64) END, ''), CASE WHEN typeof(metadata) = 'text' AND json_valid(metadata) AND json_type(metadata, '$.uniqueKey') = 'text' THEN substr(json_extract(metadata, '$.uniqueKey'), 1, 200) END) WHERE status IN ('pending', 'processing') AND CASE WHEN typeof(metadata) = 'text' AND json_valid(metadata) AND json_type(metadata, '$.uniqueKey') = 'text' THEN substr(json_extract(metadata, '$.uniqueKey'), 1, 200) END IS NOT NULL;",
    "INSERT OR IGNORE INTO audio_prep_meta (name, value) SELECT 'tableId', lower(hex(randomblob(6))) WHERE NOT EXISTS (SELECT 1 FROM audio_prep_meta WHERE name = 'tableId');",
)
SUPERSEDED: Final = "A newer request took the place of this one."
