"""Rows in bulk, as a table gathers them over the years."""

import uuid

from benchmarks.trial.job import TRIAL, TrialPayload
from tests.support.webapp import WebApp, now

_INSERT = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
    " INSERT INTO audio_prep_jobs (jobId, type, status, stage, metadata, result, createdAt, updatedAt)"
    ' SELECT ? || \'-\' || i, \'ingest\', ?, ?, \'{"sourceType":"audio_file","storageKey":"uploads/a.mp3"}\', ?,'
    " strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-' || (? - i) || ' seconds'),"
    " strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-' || (? - i) || ' seconds') FROM n"
)
_TRIALS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
    " INSERT INTO audio_prep_jobs (jobId, type, status, metadata, createdAt, updatedAt)"
    " SELECT ? || '-' || i, ?, 'pending', ?, ?, ? FROM n"
)
_AT_ONCE = 100_000


async def fill(app: WebApp, status: str, count: int) -> None:
    """`count` more rows in a status, a second apart, the last one from just now."""
    stage, result = (None, None) if status == "pending" else ("finalizing", '{"assetId":"a"}')
    while count > 0:
        part = min(count, _AT_ONCE)
        await app.sql(_INSERT, part, str(uuid.uuid4()), status, stage, result, part, part)
        count -= part


async def submit_trials(app: WebApp, count: int, payload: TrialPayload) -> str:
    """`count` trial jobs in one INSERT. The beginning of their ids."""
    prefix = str(uuid.uuid4())
    await app.sql(_TRIALS, count, prefix, TRIAL, payload.model_dump_json(), now(), now())
    return prefix
