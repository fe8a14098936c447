"""`audioprep cost`, and the history that it reads, on both transports."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from libsql_client import Client

from audioprep.bridge.database.database import open_database
from audioprep.bridge.store.usage import read_usage
from audioprep.jobs.timestamps import to_text, utc_now
from tests.support.deployment import Deployment

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
INSERT = (
    "INSERT INTO audio_prep_jobs (jobId, type, status, metadata, result, retryCount, createdAt, updatedAt)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


async def insert(database: Client, job_id: str, kind: str, result: str | None, seconds: int, age: timedelta) -> None:
    created = NOW - age
    status = "complete" if result else "failed"
    ended = to_text(created + timedelta(seconds=seconds))
    await database.execute(INSERT, [job_id, kind, status, "{}", result, 1, to_text(created), ended])


async def test_the_history_is_summed_by_type(database: Client) -> None:
    day = timedelta(days=1)
    await insert(database, "a", "ingest", '{"bytes": 1000}', 20, day)
    await insert(database, "b", "ingest", '{"bytes": 3000}', 40, 2 * day)
    await insert(database, "c", "ingest", None, 900, day)
    await insert(database, "d", "playlist", '{"entries": [1, 2]}', 60, day)
    await insert(database, "e", "ingest", "no JSON", 30, day)
    await insert(database, "old", "ingest", "{}", 30, 40 * day)
    await insert(database, "foreign", "resize", "{}", 30, day)

    usage = await read_usage(database, NOW - 30 * day, {"ingest", "playlist"})

    by_type = {each.type: each for each in usage.types}
    assert (by_type["ingest"].jobs, by_type["ingest"].stored_bytes) == (4, 4000)
    assert by_type["ingest"].seconds == pytest.approx(30.0, abs=0.01)
    assert (by_type["playlist"].entries, by_type["playlist"].retries) == (2, 1.0)
    assert (usage.since, usage.complete) == (NOW - 2 * day, True)


async def test_an_empty_table_has_no_history(database: Client) -> None:
    usage = await read_usage(database, NOW, {"ingest"})

    assert (usage.types, usage.since, usage.jobs) == ((), None, 0)


async def test_the_command_prints_a_month(deployment: Deployment) -> None:
    await deployment.migrate()
    nothing = await deployment.command("cost")
    async with open_database(deployment.database_url) as client:
        for number in range(10):
            created = to_text(utc_now() - timedelta(days=3))
            ended = to_text(utc_now() - timedelta(days=3) + timedelta(seconds=60))
            values = [str(number), "ingest", "complete", "{}", "{}", 0, created, ended]
            await client.execute(INSERT, values)

    printed = await deployment.command("cost", "--jobs", "10000")
    document = json.loads((await deployment.command("cost", "--jobs", "10000", "--heartbeat", "1", "--json")).out)

    assert "no job to estimate from" in nothing.out
    assert "200,000" in printed.out, printed.err
    assert "10.00" in printed.out
    assert "Heartbeats every 5 s" in printed.out
    assert document["dollars"]["actions"] == pytest.approx(34.0, abs=0.1)
    assert document["fairnessDollars"] == pytest.approx(3.4, abs=0.01)
