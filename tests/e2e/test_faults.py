"""The other side goes away, freezes, or comes back: bounded waits, a red light with the reason, full recovery."""

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.conftest import TemporalServer
from tests.support import processes
from tests.support.audio import make_audio
from tests.support.children import child_of, until_gone
from tests.support.deployment import Deployment
from tests.support.fake_programs import slow_ffmpeg
from tests.support.processes import Program
from tests.support.proxy import turso_like_proxy
from tests.support.storage import local_place
from tests.support.waiting import eventually

INGEST = {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"}


@dataclass
class Database:
    """The test's libSQL server, to be killed and frozen."""

    program: Program
    url: str


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    program, url = processes.sqld(tmp_path)
    with processes.running(program):
        processes.wait_for_http(f"{url}/health", program)
        yield Database(program, url)


@pytest.fixture
async def deployment(tmp_path: Path, database: Database, temporal_server: TemporalServer) -> "Iterator[Deployment]":
    deployed = Deployment(tmp_path, database.url, temporal_server.address, local_place(tmp_path / "storage"))
    deployed.extra["AUDIOPREP_HTTP_PORT"] = str(processes.free_port())
    deployed.extra["AUDIOPREP_WAKE_SECRET"] = "open sesame"  # noqa: S105 - made up
    deployed.upload(make_audio(tmp_path / "tone.mp3", 30), "uploads/tone.mp3")
    await deployed.migrate()
    yield deployed
    deployed.stop()


async def health(deployment: Deployment, page: str = "healthz") -> tuple[int, str]:
    url = f"http://127.0.0.1:{deployment.extra['AUDIOPREP_HTTP_PORT']}/{page}"
    async with aiohttp.ClientSession() as session:
        try:
            async with session.get(url) as response:
                return response.status, await response.text()
        except aiohttp.ClientError:
            return 0, ""


async def until_health(deployment: Deployment, status: int, says: str = "", within: float = 40.0) -> None:
    async def check() -> bool:
        found, text = await health(deployment)
        return found == status and says in text

    await eventually(check, within=within, what=f"/healthz {status} {says!r}")


async def until_ready(deployment: Deployment) -> None:
    async def check() -> bool:
        return (await health(deployment, "readyz"))[0] == 200

    await eventually(check, what="/readyz 200")


async def test_a_frozen_database_is_unhealthy_until_it_recovers(deployment: Deployment, database: Database) -> None:
    deployment.start("serve")
    await until_health(deployment, 200)

    database.program.signal(signal.SIGSTOP)
    await until_health(deployment, 503, "gave no answer in time")
    database.program.signal(signal.SIGCONT)

    await until_health(deployment, 200)
    job_id = await deployment.app.submit("ingest", INGEST)
    assert (await deployment.app.finished(job_id))["status"] == "complete"


async def test_a_database_that_is_killed_loses_nothing(
    deployment: Deployment, database: Database, tmp_path: Path
) -> None:
    deployment.extra["PATH"] = slow_ffmpeg(tmp_path / "bin", speed=10)
    serve = deployment.start("serve")
    job_id = await deployment.app.submit("ingest", INGEST)
    ffmpeg = await child_of(serve.pid, "readrate")

    database.program.kill()
    await until_gone(ffmpeg)
    database.program.start()
    await asyncio.to_thread(processes.wait_for_http, f"{database.url}/health", database.program)

    row = await deployment.app.finished(job_id)
    assert row["status"] == "complete", row


async def test_answers_lost_after_the_commit_change_nothing(deployment: Deployment, database: Database) -> None:
    await deployment.app.record_changes()
    async with turso_like_proxy(database.url, hang_up_every=7) as (url, _):
        deployment.extra |= {"TURSO_DATABASE_URL": url, "AUDIOPREP_SWEEP_INTERVAL": "1"}
        deployment.start("serve")
        jobs = [await deployment.app.submit("ingest", INGEST) for _ in range(6)]

        for job_id in jobs:
            assert (await deployment.app.finished(job_id))["status"] == "complete"
            statuses = [change["status"] for change in await deployment.app.changes(job_id)]
            assert statuses == sorted(statuses, key=["pending", "processing", "complete"].index)


async def test_temporal_away_at_start_and_back_later(tmp_path: Path, database: Database) -> None:
    server, address, ui_url = processes.temporal(tmp_path)
    deployed = Deployment(tmp_path, database.url, address, local_place(tmp_path / "storage"))
    deployed.extra["AUDIOPREP_HTTP_PORT"] = str(processes.free_port())
    deployed.upload(make_audio(tmp_path / "tone.mp3", 2), "uploads/tone.mp3")
    await deployed.migrate()
    try:
        deployed.start("serve")
        job_id = await deployed.app.submit("ingest", INGEST)
        await until_health(deployed, 503, "claimer")
        assert (await deployed.app.row(job_id))["status"] == "pending", "nothing is claimed for a server that is away"

        with processes.running(server):
            processes.wait_for_http(ui_url, server)
            row = await deployed.app.finished(job_id)
            assert row["status"] == "complete", row
            await until_health(deployed, 200)
    finally:
        deployed.stop()


async def test_a_killed_worker_leaves_no_ffmpeg_and_loses_no_job(deployment: Deployment, tmp_path: Path) -> None:
    deployment.extra["PATH"] = slow_ffmpeg(tmp_path / "bin", speed=4)
    deployment.start("bridge")
    first = deployment.start("worker", AUDIOPREP_HTTP_PORT="0")
    job_id = await deployment.app.submit("ingest", INGEST)
    ffmpeg = await child_of(first.pid, "readrate")

    first.kill()
    await until_gone(ffmpeg, within=2)
    deployment.start("worker", AUDIOPREP_HTTP_PORT="0")

    row = await deployment.app.finished(job_id)
    assert (row["status"], row["retryCount"]) == ("complete", 1)
    assert len(list((tmp_path / "work" / "scratch").iterdir())) == 1, "the dead worker's scratch is swept"


async def test_a_bridge_that_is_killed_again_and_again_loses_nothing(deployment: Deployment) -> None:
    await deployment.app.record_changes()
    deployment.start("worker", AUDIOPREP_HTTP_PORT="0")
    jobs = [await deployment.app.submit("ingest", INGEST) for _ in range(6)]

    for _ in range(4):
        bridge = deployment.start("bridge")
        await until_health(deployment, 200)
        bridge.kill()
    deployment.start("bridge")

    for job_id in jobs:
        row = await deployment.app.finished(job_id)
        assert row["status"] == "complete", row
        statuses = [status for status, _ in await deployment.app.path(job_id)]
        assert sorted(set(statuses), key=statuses.index) == ["pending", "processing", "complete"]


async def test_a_wake_claims_at_once_and_needs_the_secret(deployment: Deployment) -> None:
    deployment.extra["AUDIOPREP_POLL_INTERVAL"] = "600"
    deployment.start("bridge")
    await until_ready(deployment)
    job_id = await deployment.app.submit("ingest", INGEST)
    url = f"http://127.0.0.1:{deployment.extra['AUDIOPREP_HTTP_PORT']}/wake"

    async with aiohttp.ClientSession() as session:
        for secret in ({}, {"X-Audioprep-Wake": "open says me"}):
            async with session.post(url, headers=secret) as response:
                assert response.status == 403
        assert (await deployment.app.row(job_id))["status"] == "pending"
        async with session.post(url, headers={"X-Audioprep-Wake": "open sesame"}) as response:
            assert response.status == 202

    await deployment.app.until(job_id, "processing", within=2)


async def test_a_workflow_whose_row_was_deleted_is_cancelled(deployment: Deployment, tmp_path: Path) -> None:
    deployment.extra["PATH"] = slow_ffmpeg(tmp_path / "bin")
    deployment.extra["AUDIOPREP_ORPHANS_INTERVAL"] = "0.5"
    serve = deployment.start("serve")
    job_id = await deployment.app.submit("ingest", INGEST)
    ffmpeg = await child_of(serve.pid, "readrate")

    await deployment.app.sql("DELETE FROM audio_prep_jobs WHERE jobId = ?", job_id)

    await until_gone(ffmpeg, within=20)
