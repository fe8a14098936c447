"""Rows of other programs' job types in a shared table, and the proof that they are as they were."""

from tests.support.webapp import WebApp

FOREIGN_TYPES = ("render", "creator-recut", "publish", "creator-pack-sync", "transcode")
_LIST = ", ".join(f"'{kind}'" for kind in FOREIGN_TYPES)
# From an hour ago back to a month ago, every third one a number of milliseconds, as other programs write times.
_TIMES = (
    "iif(i % 3 = 0, CAST(1700000000000 + i AS TEXT),"
    " strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 hour', '-' || (i % 2592000) || ' seconds'))"
)
_FILL = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
    " INSERT INTO audio_prep_jobs"
    " (jobId, type, status, progress, stage, metadata, result, error, retryCount, createdAt, updatedAt)"
    " SELECT ? || '-' || ? || '-' || i, ?, ?, iif(i % 7 = 0, 'half', i % 100), ?, '{\"schemaVersion\": ' || i || '}',"
    f' \'{{"audioStorageKey": "a"}}\', NULL, i % 4, {_TIMES}, {_TIMES} FROM n'
)
_AT_ONCE = 20_000


async def insert_foreign(app: WebApp, *, pending: int, processing: int, cancelled: int) -> None:
    """So many rows in each status, of five types that audioprep does not know; the cancelled ones have a stage."""
    for kind in FOREIGN_TYPES:
        await _fill(app, kind, "pending", None, pending // len(FOREIGN_TYPES))
        await _fill(app, kind, "processing", "queued", processing // len(FOREIGN_TYPES) // 2)
        await _fill(app, kind, "processing", "rendering", processing // len(FOREIGN_TYPES) // 2)
        await _fill(app, kind, "cancelled", "rendering", cancelled // len(FOREIGN_TYPES))


async def _fill(app: WebApp, kind: str, status: str, stage: str | None, count: int) -> None:
    for number, first in enumerate(range(0, count, _AT_ONCE)):
        part = min(count - first, _AT_ONCE)
        await app.sql(_FILL, part, kind, f"{status}-{stage}-{number}", kind, status, stage)


async def remember_foreign(app: WebApp) -> int:
    """Have the database itself keep a copy of them. How many there are."""
    await app.sql(f"CREATE TABLE foreign_before AS SELECT rowid AS n, * FROM audio_prep_jobs WHERE type IN ({_LIST})")
    return int((await app.sql("SELECT count(*) AS n FROM foreign_before"))[0]["n"])


async def changed_foreign(app: WebApp) -> int:
    """Rows that differ from the copy in any column, are gone, or are new."""
    today = f"SELECT rowid AS n, * FROM audio_prep_jobs WHERE type IN ({_LIST})"
    before = "SELECT * FROM foreign_before"
    statement = (
        f"SELECT count(DISTINCT n) AS n FROM"
        f" (SELECT n FROM ({today} EXCEPT {before}) UNION ALL SELECT n FROM ({before} EXCEPT {today}))"
    )
    return int((await app.sql(statement))[0]["n"])
