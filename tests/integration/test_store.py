"""The jobs table on both transports: claims, guards, the schema, and what a look costs."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from libsql_client import Client

from audioprep.bridge.database import open_database
from audioprep.bridge.pipeline_client import PipelineClient
from audioprep.bridge.queries import JOBS, SCHEMA
from audioprep.bridge.store import JobStore
from audioprep.jobs.job import Job, NewJob
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import to_text

START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

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


async def test_an_end_says_at_which_stage_and_keeps_the_rows_where_nobody_knows(store: JobStore) -> None:
    known, unknown = await insert(store, 2)
    await claim(store, 2)

    await store.complete(known, "{}", START, "finalizing")
    await store.fail(unknown, "why", START)

    stages = [job.stage for job_id in (known, unknown) if (job := await store.get(job_id))]
    assert stages == ["finalizing", "queued"]


async def test_final_states_never_change(store: JobStore) -> None:
    for end in ("complete", "fail", "cancel"):
        (job_id,) = await insert(store, 1)
        (job,) = await claim(store, 1)
        if end == "complete":
            assert await store.complete(job_id, "{}", START)
        elif end == "fail":
            assert await store.fail(job_id, "why", START)
        else:
            assert await store.request_cancel(job_id, START)
            assert await store.acknowledge_cancel(job_id, START)
        final = await store.get(job_id)

        outcomes = [
            await store.write_progress(job, "analyzing", 1.0, 0, START) is not None,
            await store.complete(job_id, "[]", START),
            await store.fail(job_id, "no", START),
            await store.reap(job, "no", START),
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

    assert await store.missing() == ["idx_jobs_claim", "idx_jobs_cancel_requested"]
    await store.migrate()
    await store.migrate()

    assert await store.missing() == []
    assert (await database.execute(table)).rows[0].astuple() == before
    assert (await store.get("a")) is not None


async def test_the_plans_use_our_indexes(database: Client, store: JobStore) -> None:
    wanted = {
        "claim": {"SEARCH audio_prep_jobs USING COVERING INDEX idx_jobs_claim (status=?)"},
        "look": {
            "SEARCH audio_prep_jobs USING INDEX idx_jobs_cancel_requested (status=?)",
            "SEARCH audio_prep_jobs USING INDEX idx_jobs_claim (status=?)",
        },
    }
    arguments = {"now": "", "capacity": 5, "cancels": 5, "waiting": 1, "processing": 5}
    for name, steps in wanted.items():
        used = {key: value for key, value in arguments.items() if f":{key}" in JOBS[name]}
        plan = await database.execute(f"EXPLAIN QUERY PLAN {JOBS[name]}", used)
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


async def _fill(database: Client, status: str, count: int) -> None:
    await database.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
        " INSERT INTO audio_prep_jobs (jobId, type, status, createdAt, updatedAt)"
        " SELECT ? || i, 'ingest', ?, printf('2026-01-01T00:%05d', i), printf('2026-01-01T00:%05d', i) FROM n",
        [count, status, status],
    )
