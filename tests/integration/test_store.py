"""The jobs table on both transports: claims, guards, the schema, and what a look costs."""

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from libsql_client import Client

from audioprep.bridge.database.database import open_database
from audioprep.bridge.database.errors import DatabaseRefused
from audioprep.bridge.database.pipeline_client import PipelineClient
from audioprep.bridge.store.identity import identify, read_identity, renew
from audioprep.bridge.store.listing import JobLists
from audioprep.bridge.store.queries import JOBS, SCHEMA, for_types
from audioprep.bridge.store.store import JobStore
from audioprep.jobs.errors import FailedResult
from audioprep.jobs.job import Job, NewJob
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import to_text
from tests.support import processes
from tests.support.foreign import FOREIGN_TYPES, changed_foreign, insert_foreign, remember_foreign
from tests.support.webapp import WebApp

START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
FACTS = FailedResult.of("Network", 3)

# The table as existing databases have it, with the indexes that other programs made.
EXISTING = """
CREATE TABLE audio_prep_jobs (
  jobId TEXT PRIMARY KEY, type TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'pending',
  progress REAL NOT NULL DEFAULT 0, stage TEXT, metadata TEXT NOT NULL DEFAULT '{}', result TEXT, error TEXT,
  retryCount INTEGER NOT NULL DEFAULT 0, createdAt TEXT NOT NULL, updatedAt TEXT NOT NULL
)
"""


@pytest.fixture(params=["file", "pipeline"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Client]:
    url = f"file:{tmp_path / 'jobs.db'}" if request.param == "file" else request.getfixturevalue("sqld_url")
    async with open_database(url) as client:
        yield client


@pytest.fixture
async def store(database: Client) -> JobStore:
    store = JobStore(database)
    await store.migrate()
    return store


async def insert(store: JobStore, count: int) -> list[str]:
    """`count` pending rows, a second apart, oldest first."""
    ids = [str(uuid.uuid4()) for _ in range(count)]
    for second, job_id in enumerate(ids):
        await store.insert(NewJob(job_id, "ingest", {"é": "ü"}, START + timedelta(seconds=second)))
    return ids


async def claim(store: JobStore, capacity: int) -> list[Job]:
    return (await store.poll(START, capacity=capacity, with_processing=False)).claimed


async def test_a_claim_takes_the_oldest_rows_in_one_go(store: JobStore) -> None:
    ids = await insert(store, 5)

    claimed = await claim(store, 3)

    assert sorted(job.job_id for job in claimed) == sorted(ids[:3])
    assert {(job.status, job.stage, job.progress) for job in claimed} == {(JobStatus.PROCESSING, "queued", 0)}
    assert {job.metadata for job in claimed} == {'{"é": "ü"}'}
    assert [job.job_id for job in await claim(store, 9)] != []
    assert await claim(store, 9) == []


async def test_no_row_is_claimed_twice_by_rivals(store: JobStore) -> None:
    ids = await insert(store, 40)

    claims = await asyncio.gather(*(claim(store, 3) for _ in range(30)))

    taken = [job.job_id for jobs in claims for job in jobs]
    assert sorted(taken) == sorted(ids)


async def test_an_end_writes_its_stage_or_keeps_the_rows(store: JobStore) -> None:
    known, unknown = await insert(store, 2)
    await claim(store, 2)

    await store.complete(known, "{}", START, "finalizing")
    await store.fail(unknown, "why", FACTS, START)

    stages = [job.stage for job_id in (known, unknown) if (job := await store.get(job_id))]
    assert stages == ["finalizing", "queued"]


async def test_final_states_never_change(store: JobStore) -> None:
    for end in ("complete", "fail", "cancel"):
        (job_id,) = await insert(store, 1)
        (job,) = await claim(store, 1)
        if end == "complete":
            assert await store.complete(job_id, "{}", START)
        elif end == "fail":
            assert await store.fail(job_id, "why", FACTS, START)
        else:
            assert await store.request_cancel(job_id, START)
            assert await store.acknowledge_cancel(job_id, START)
        final = await store.get(job_id)

        outcomes = [
            await store.write_progress(job, "analyzing", 1.0, 0, START) is not None,
            await store.complete(job_id, "[]", START),
            await store.fail(job_id, "no", FACTS, START),
            await store.reap(job, "no", FACTS, START),
            await store.request_cancel(job_id, START),
            await store.record_cancel(job_id, START),
            await store.acknowledge_cancel(job_id, START),
        ]

        assert outcomes == [False] * 7, end
        assert await store.get(job_id) == final, end


async def test_progress_is_written_only_over_the_row_that_was_seen(store: JobStore) -> None:
    (job_id,) = await insert(store, 1)
    (job,) = await claim(store, 1)
    later = START + timedelta(seconds=1)

    first = await store.write_progress(job, "analyzing", 20.0, 1, later)
    late = await store.write_progress(job, "downloading", 90.0, 0, later)

    assert first == await store.get(job_id)
    assert first == replace(job, stage="analyzing", progress=20.0, retry_count=1, updated_at=to_text(later))
    assert late is None


async def test_a_cancel_keeps_the_stage_until_it_is_acknowledged(store: JobStore) -> None:
    (job_id,) = await insert(store, 1)
    await claim(store, 1)

    assert await store.request_cancel(job_id, START)
    (requested,) = (await store.poll(START, capacity=0, with_processing=False)).cancel_requested
    assert requested.cancel_requested
    assert await store.acknowledge_cancel(job_id, START)

    assert (await store.poll(START, capacity=0, with_processing=False)).cancel_requested == []


async def test_a_pending_row_is_cancelled_for_good_at_once(store: JobStore) -> None:
    (job_id,) = await insert(store, 1)

    assert await store.request_cancel(job_id, START)

    assert await claim(store, 1) == []
    assert (await store.poll(START, capacity=0, with_processing=False)).cancel_requested == []


async def test_migrate_adds_only_indexes_to_an_existing_table(database: Client) -> None:
    await database.execute(EXISTING)
    for name in ("create_status_index", "create_created_index", "create_updated_index"):
        await database.execute(SCHEMA[name])
    await database.execute(
        "INSERT INTO audio_prep_jobs (jobId, type, createdAt, updatedAt) VALUES ('a', 'b', 'c', 'd')"
    )
    table = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'audio_prep_jobs'"
    before = (await database.execute(table)).rows[0].astuple()
    store = JobStore(database)

    assert await store.missing() == [
        "audio_prep_meta",
        "audio_prep_outbox",
        "audio_prep_service",
        "audio_prep_controls",
        "idx_jobs_claim",
        "idx_jobs_served",
        "idx_jobs_cancels",
        "idx_jobs_tenant",
        "idx_jobs_superseding",
        "idx_jobs_superseded",
        "idx_jobs_unique",
    ]
    await store.migrate()
    await store.migrate()

    assert await store.missing() == []
    assert (await database.execute(table)).rows[0].astuple() == before
    assert (await store.get("a")) is not None


async def test_the_plans_use_our_indexes(database: Client, store: JobStore) -> None:
    wanted = {
        "claim": {"SEARCH audio_prep_jobs USING COVERING INDEX idx_jobs_served (status=? AND type=?)"},
        "look": {
            "SEARCH audio_prep_jobs USING INDEX idx_jobs_cancels (status=? AND type=?)",
            "SEARCH audio_prep_jobs USING INDEX idx_jobs_served (status=? AND type=?)",
        },
    }
    for name, steps in wanted.items():
        statement, types = for_types(JOBS[name], ["ingest", "save"])
        used = dict.fromkeys(re.findall(r":(\w+)", statement), 1) | types
        plan = await database.execute(f"EXPLAIN QUERY PLAN {statement}", used)
        details = [str(row["detail"]) for row in plan.rows]
        assert steps <= set(details), details
        assert not any(detail == "SCAN audio_prep_jobs" for detail in details), details


async def test_looks_cost_the_same_whatever_the_history_holds(sqld_url: str) -> None:
    async with open_database(sqld_url) as database:
        assert isinstance(database, PipelineClient)
        store = JobStore(database)
        await store.migrate()
        await _fill(database, "complete", 2000)

        async def cost(capacity: int, *, with_processing: bool) -> int:
            before = database.rows.read
            await store.poll(START, capacity=capacity, with_processing=with_processing)
            return database.rows.read - before

        assert await cost(5, with_processing=True) == 0
        await _fill(database, "pending", 1000)
        assert await cost(0, with_processing=True) == 0
        assert await cost(5, with_processing=False) <= 40


async def test_rows_of_other_types_cost_nothing_and_stay(sqld_url: str) -> None:
    async with PipelineClient(sqld_url) as database:
        store, app = JobStore(database), WebApp(sqld_url)
        await store.migrate()
        await insert_foreign(app, pending=10_000, processing=100, cancelled=100)
        await remember_foreign(app)
        before = database.rows.read

        poll = await store.poll(START, capacity=9, with_processing=True)

        assert (poll.claimed, poll.processing, poll.cancel_requested, poll.waiting) == ([], [], [], False)
        assert database.rows.read == before
        assert await store.unserved(100) == dict.fromkeys(FOREIGN_TYPES, 100)
        assert database.rows.read - before <= 100 * len(FOREIGN_TYPES) + 50
        await insert(store, 1)
        assert len(await claim(store, 9)) == 1
        assert await changed_foreign(app) == 0


ODD = {
    "a text as progress": ("progress", "'half'"),
    "a text as retryCount": ("retryCount", "'one'"),
    "a retryCount beyond all numbers": ("retryCount", "9e999"),
    "a blob as stage": ("stage", "x'ff00'"),
    "a number as createdAt": ("createdAt", "17"),
    "a stage that is not UTF-8": ("stage", "CAST(x'ff' AS TEXT)"),
    "metadata that is not UTF-8": ("metadata", "CAST(x'7bff7d' AS TEXT)"),
    "a createdAt that is not UTF-8": ("createdAt", "CAST(x'ff' AS TEXT)"),
    "an updatedAt that is not UTF-8": ("updatedAt", "CAST(x'ff' AS TEXT)"),
    "a result that is not UTF-8": ("result", "CAST(x'ff' AS TEXT)"),
    "a year before the first": ("updatedAt", "'0001-01-01T00:00:00+23:59'"),
}


@pytest.mark.parametrize(("column", "value"), ODD.values(), ids=ODD)
async def test_a_row_in_the_wrong_form_harms_no_other(column: str, value: str, database: Client) -> None:
    store = JobStore(database)
    await store.migrate()
    odd, good = await insert(store, 2)
    await database.execute(f"UPDATE audio_prep_jobs SET {column} = {value} WHERE jobId = ?", [odd])

    assert {job.job_id for job in await claim(store, 9)} == {odd, good}
    await database.execute(f"UPDATE audio_prep_jobs SET {column} = {value} WHERE jobId = ?", [odd])
    assert len((await store.poll(START, capacity=0, with_processing=True)).processing) == 2
    assert await store.get(odd)
    assert len(await JobLists(database).newest(5)) == 2


REFUSED = {
    "an id over 200 characters": ("jobId", "printf('%0201d', 1)", "1 to 200 characters"),
    "an empty id": ("jobId", "''", "1 to 200 characters"),
    "an id with an escape sequence": ("jobId", "'a' || char(27) || '[31m'", "without control characters"),
    "an id with a C1 control": ("jobId", "'a' || char(155)", "without control characters"),
    "an id with NUL": ("jobId", "'a' || char(0) || 'b'", "without control characters"),
    "an id that is not UTF-8": ("jobId", "CAST(x'61ff' AS TEXT)", "1 to 200 characters"),
    "an id that is a blob": ("jobId", "x'00ff'", "1 to 200 characters"),
    "metadata over the limit in bytes": (
        "metadata",
        "replace(printf('%.*c', 400000, 'x'), 'x', '語')",
        "1,000,000 bytes",
    ),
    "metadata that is a blob": ("metadata", "x'7b7d'", "not text"),
}


@pytest.mark.parametrize(("column", "value", "says"), REFUSED.values(), ids=REFUSED)
async def test_a_row_that_can_never_be_a_job_fails_at_its_claim(
    column: str, value: str, says: str, database: Client
) -> None:
    store = JobStore(database)
    await store.migrate()
    odd, good = await insert(store, 2)
    await database.execute(f"UPDATE audio_prep_jobs SET {column} = {value} WHERE jobId = ?", [odd])

    poll = await store.poll(START, capacity=9, with_processing=False)

    assert [job.job_id for job in poll.claimed] == [good]
    (row,) = (await database.execute("SELECT error, result FROM audio_prep_jobs WHERE status = 'failed'")).rows
    assert says in str(row["error"])
    assert json.loads(str(row["result"]))["error"]["kind"] == "InvalidPayload"


async def test_open_rows_with_an_unreadable_id_are_left_alone(database: Client) -> None:
    store = JobStore(database)
    await store.migrate()
    for second, status in enumerate(("processing", "cancelled")):
        await database.execute(
            "INSERT INTO audio_prep_jobs (jobId, type, status, stage, createdAt, updatedAt) "
            "VALUES (CAST(? AS TEXT), 'ingest', ?, 'queued', '', '')",
            [bytes([0xFF, second]), status],
        )
    await insert(store, 1)

    poll = await store.poll(START, capacity=9, with_processing=True)

    assert (poll.processing, poll.cancel_requested, len(poll.claimed)) == ([], [], 1)
    assert len(await JobLists(database).newest(5)) == 3


async def test_large_metadata_is_left_out_of_the_claim(database: Client) -> None:
    store = JobStore(database)
    await store.migrate()
    (large,) = await insert(store, 1)
    text = json.dumps({"more": "x" * 900_000})
    await database.execute("UPDATE audio_prep_jobs SET metadata = ? WHERE jobId = ?", [text, large])

    (job,) = await claim(store, 1)

    assert job.metadata is None
    assert await store.metadata(large) == text
    assert (await JobLists(database).newest(5))[0].metadata is None


async def test_rows_that_fill_an_answer_do_not_stop_the_claims(tmp_path: Path) -> None:
    program, url = processes.sqld(tmp_path, None, None, "--max-response-size", "1MB")
    with processes.running(program):
        processes.wait_for_http(f"{url}/health", program)
        async with open_database(url) as database:
            store = JobStore(database)
            await store.migrate()
            await _fill(database, "pending", 100)
            await database.execute("UPDATE audio_prep_jobs SET metadata = printf('%.*c', 32000, 'x')")

            first = await store.poll(START, capacity=50, with_processing=False)
            second = await store.poll(START, capacity=50, with_processing=True)

    assert (first.claimed, first.waiting) == ([], True)
    assert {job.stage for job in second.processing} == {"queued"}
    assert len(second.processing) == 50
    assert second.claimed


async def test_an_unknown_status_is_read_as_it_is(database: Client, store: JobStore) -> None:
    (job_id,) = await insert(store, 1)
    await database.execute("UPDATE audio_prep_jobs SET status = 'Paused'")

    job = await store.get(job_id)

    assert job is not None
    assert (job.status.value, job.status.is_final, job.status in JobStatus.__members__.values()) == (
        "Paused",
        False,
        False,
    )


async def test_a_table_has_one_identity(database: Client) -> None:
    assert await read_identity(database, "") is None
    await JobStore(database).migrate()

    found = await asyncio.gather(*(identify(database, "http://a.example:8080/db?authToken=x") for _ in range(5)))

    assert len({identity.table_id for identity in found}) == 1
    assert found[0].place == "a.example:8080/db"
    assert await read_identity(database, "http://a.example:8080/db") == found[0]


async def test_a_copy_of_a_table_shows_by_its_place(database: Client, store: JobStore) -> None:
    original = await identify(database, "libsql://production.example")

    copy = await identify(database, "libsql://token@staging.example")
    renewed = await renew(database, "libsql://staging.example")

    assert (copy.table_id, copy.is_copy) == (original.table_id, True)
    assert renewed.table_id != original.table_id
    assert not renewed.is_copy


async def test_a_file_is_the_same_by_its_relative_and_its_absolute_path(
    database: Client, store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await identify(database, "file:./jobs.db")

    places = [await identify(database, url) for url in (f"file:{tmp_path}/jobs.db", "file:jobs.db", "file:other.db")]

    assert [place.is_copy for place in places] == [False, False, True]


async def _fill(database: Client, status: str, count: int, kind: str = "ingest") -> None:
    await database.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
        " INSERT INTO audio_prep_jobs (jobId, type, status, stage, createdAt, updatedAt) SELECT ? || ? || i, ?, ?,"
        " iif(? = 'pending', NULL, 'elsewhere'), printf('2026-01-01T00:%05d', i), printf('2026-01-01T00:%05d', i)"
        " FROM n",
        [count, kind, status, kind, status, status],
    )


@pytest.mark.parametrize(
    ("table", "lacks"),
    [
        (EXISTING.replace("retryCount INTEGER NOT NULL DEFAULT 0, ", ""), "retryCount"),
        (EXISTING.replace("jobId", "job_id"), "jobId"),
        (EXISTING.rstrip() + " WITHOUT ROWID", "rowid"),
    ],
    ids=["a missing column: named", "a renamed column: named", "a table without rowids: named"],
)
async def test_a_table_of_another_form_is_refused_at_the_start(database: Client, table: str, lacks: str) -> None:
    await database.execute(table)
    store = JobStore(database)

    for refused in (store.migrate, store.missing):
        with pytest.raises(DatabaseRefused, match=rf"lacks a column of ours .*no such column: {lacks}"):
            await refused()


@pytest.mark.parametrize(
    "made_by_another",
    ["CREATE TABLE audio_prep_meta (name TEXT PRIMARY KEY, value TEXT)", "CREATE TABLE audio_prep_meta (name, value)"],
    ids=["an empty table of ours: used", "one without a primary key: used"],
)
async def test_an_identity_is_made_once(database: Client, made_by_another: str) -> None:
    await database.execute(made_by_another)
    assert await read_identity(database, "file:a.db") is None

    first, second = [await identify(database, "file:a.db") for _ in range(2)]

    assert first == second == await read_identity(database, "file:a.db")


async def test_a_number_is_no_job_id(database: Client) -> None:
    await database.execute(EXISTING.replace("jobId TEXT", "jobId INTEGER"))
    store = JobStore(database)
    await store.migrate()
    await database.execute(
        "INSERT INTO audio_prep_jobs (jobId, type, createdAt, updatedAt) VALUES (7, 'ingest', 'c', 'd')"
    )

    (refused,) = (await store.poll(START, capacity=1, with_processing=True)).refused

    assert refused.error == "The jobId must be text of 1 to 200 characters, without control characters."
