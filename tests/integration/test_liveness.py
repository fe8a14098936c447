"""The liveness table on both transports, and beside real roles: SQL alone says who works and how long it takes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from libsql_client import Client

from audioprep.bridge.database.database import open_database
from audioprep.bridge.store.service import BridgeReport, ServiceTable
from audioprep.bridge.store.store import JobStore
from audioprep.jobs.job import NewJob
from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.documents import CONTRACT, snippets, statements
from tests.support.waiting import eventually
from tests.support.webapp import now

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
MINUTE = timedelta(seconds=60)
FORECAST = statements(snippets(CONTRACT, "sql")[0])[-1].replace(":id", "?").replace(":now", "?")


@pytest.fixture(params=["file", "pipeline"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Client]:
    url = f"file:{tmp_path / 'jobs.db'}" if request.param == "file" else request.getfixturevalue("sqld_url")
    async with open_database(url) as client:
        yield client


async def test_before_a_migration_nothing_is_known(database: Client) -> None:
    assert await ServiceTable(database).read(NOW) is None


async def test_bridges_that_are_alive_count_together(database: Client) -> None:
    await JobStore(database).migrate()
    table = ServiceTable(database)
    await table.enter("a", BridgeReport(2, 1, 4, {"save": 20.0, "ingest": 5.0}), NOW - MINUTE, 2 * MINUTE)
    await table.enter("b", BridgeReport(3, 2, 6, {"save": 30.0}), NOW, 2 * MINUTE)
    await table.enter("dead", BridgeReport(9, 9, 9), NOW - 3 * MINUTE, MINUTE)

    found = await table.read(NOW)

    assert found is not None
    assert (found.bridges, found.workers, found.in_flight, found.slots) == (2, 3, 3, 10)
    assert (found.median_seconds, found.last_seen) == ({"save": 30.0, "ingest": 5.0}, NOW)


async def test_a_bridge_that_stops_is_not_alive(database: Client) -> None:
    await JobStore(database).migrate()
    table = ServiceTable(database)
    await table.enter("a", BridgeReport(2, 1, 4), NOW, 2 * MINUTE)

    await table.leave("a", NOW)

    found = await table.read(NOW)
    assert found is not None
    assert (found.bridges, found.last_seen) == (0, NOW)


@pytest.mark.parametrize("text", ["no JSON", "[1]", '{"save": "x", "ingest": 1e999}'])
async def test_what_no_bridge_writes_counts_as_nothing(database: Client, text: str) -> None:
    await JobStore(database).migrate()
    await database.execute("INSERT INTO audio_prep_service VALUES ('x', 'y', 'z', 'w', 'v', 'u', ?)", [text])

    found = await ServiceTable(database).read(NOW)

    assert found is not None
    assert (found.slots, found.median_seconds) == (0, {})


async def test_the_place_in_the_queue_is_counted(database: Client) -> None:
    store = JobStore(database)
    await store.migrate()
    for number in range(3):
        await store.insert(NewJob(str(number), "save", {}, NOW + timedelta(seconds=number)))

    assert await ServiceTable(database).ahead("2026-01-31T12:00:02.000Z") == 2


async def test_sql_and_commands_say_who_works(deployment: Deployment) -> None:
    await deployment.migrate()
    deployment.extra["AUDIOPREP_LIVENESS_INTERVAL"] = "0.5"
    deployment.upload(make_audio(deployment.folder / "tone.mp3", 2), "uploads/tone.mp3")
    job_id = await deployment.app.submit("ingest", {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"})
    nobody = await deployment.app.sql(FORECAST, job_id, now())
    role = deployment.start("serve")
    await deployment.app.finished(job_id)

    async def known() -> float | None:
        (row,) = await deployment.app.sql(FORECAST, job_id, now())
        return row["seconds"] if row["bridges"] == 1 and row["workers"] else None

    seconds = await eventually(known, within=60, what="an estimate")
    role.stop()
    (stopped,) = await deployment.app.sql(FORECAST, job_id, now())
    waiting = await deployment.app.submit("ingest", {})
    listed, doctor, check = [
        await deployment.command(*words) for words in (("jobs",), ("doctor", waiting), ("check", "--role", "bridge"))
    ]

    assert (nobody[0]["bridges"], nobody[0]["seconds"]) == (0, None)
    assert 0 < seconds < 60
    assert (stopped["bridges"], stopped["seconds"]) == (0, None)
    assert "no bridge is running" in listed.out
    assert "No bridge is running" in doctor.out
    assert "none is running" in check.out
