"""Who goes first, and who waits: priorities on one slot, courtesy towards one site, and a download handed over."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from temporalio.client import Client

from audioprep.jobs.request import downloads_queue
from tests.support.audio import make_audio
from tests.support.children import child_of
from tests.support.deployment import Deployment
from tests.support.fake_programs import slow_ffmpeg
from tests.support.pollers import until_polling
from tests.support.site import Site, open_site
from tests.support.waiting import eventually
from tests.support.webapp import WebApp

BACKLOG = 8
SLOW = 2.5  # seconds that a slow answer of the site takes at least


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    make_audio(tmp_path / "site" / "tone.mp3", 5)
    async with open_site(tmp_path / "site") as site:
        yield site


@pytest.fixture
async def downloads(deployment: Deployment) -> Deployment:
    deployment.extra["AUDIOPREP_ALLOW_PRIVATE_URLS"] = "1"
    await deployment.migrate()
    return deployment


async def test_a_backlog_does_not_hold_up_an_urgent_job(
    deployment: Deployment, temporal: Client, tmp_path: Path
) -> None:
    await deployment.migrate()
    deployment.extra |= {"AUDIOPREP_MAX_IN_FLIGHT": str(BACKLOG + 1), "AUDIOPREP_ACTIVITY_SLOTS": "1"}
    deployment.extra["PATH"] = slow_ffmpeg(tmp_path / "bin")
    deployment.upload(make_audio(tmp_path / "tone.mp3", 1), "uploads/tone.mp3")
    upload = {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"}
    serve = deployment.start("serve")
    patient = [await deployment.app.submit("ingest", upload | {"priority": 5}) for _ in range(BACKLOG)]
    await child_of(serve.pid, "readrate")

    urgent = await deployment.app.submit("ingest", upload | {"priority": 1})
    await deployment.app.finished(urgent)

    asked = await _times(deployment.app, temporal, [urgent], "activity_task_scheduled")
    began = await _times(deployment.app, temporal, [urgent], "activity_task_started")
    others = await _times(deployment.app, temporal, patient, "activity_task_started")
    went_before = [sum(wait < other < start for other in others) for wait, start in zip(asked, began, strict=True)]
    # At most the one that is on its way to the worker already. First come, first served would be one of every patient
    # job, three times.
    assert max(went_before) <= 1, f"steps of patient jobs that went before each urgent one: {went_before}"


async def test_a_busy_host_does_not_block_another_host(downloads: Deployment, site: Site) -> None:
    downloads.extra |= {"AUDIOPREP_DOWNLOAD_SLOTS": "2", "AUDIOPREP_DOWNLOADS_PER_HOST": "1"}
    downloads.start("serve")
    slow = {"sourceType": "url", "url": site.url("slow/tone.mp3")}
    crowd = [await downloads.app.submit("ingest", slow) for _ in range(2)]
    await eventually(lambda: _was_visited(site), what="the first download")

    elsewhere = site.url("file/tone.mp3").replace("127.0.0.1", "localhost")
    other = await downloads.app.submit("ingest", {"sourceType": "url", "url": elsewhere})
    quick = await downloads.app.finished(other)
    patient = await downloads.app.submit("ingest", slow)
    await downloads.app.until(patient, "processing", stage="downloading")
    await downloads.app.cancel(patient)
    await downloads.app.acknowledged(patient)
    ends = await asyncio.gather(*(downloads.app.finished(job_id) for job_id in crowd))

    first, second = site.times("slow/tone.mp3")  # and none of the one that was cancelled while it waited
    assert [row["status"] for row in (quick, *ends)] == ["complete"] * 3
    assert {row["retryCount"] for row in ends} == {0}, "to wait for a turn is no failed attempt"
    assert second - first > SLOW
    assert quick["updatedAt"] < max(row["updatedAt"] for row in ends)


async def test_a_download_is_handed_over_without_using_up_an_attempt(
    downloads: Deployment, site: Site, temporal: Client
) -> None:
    workers = [downloads.start("serve") for _ in range(2)]
    for worker in workers:
        await until_polling(temporal, downloads_queue(downloads.task_queue), worker)
    job_id = await downloads.app.submit("ingest", {"sourceType": "url", "url": site.url("slow/tone.mp3")})
    await eventually(lambda: _was_visited(site), what="the download")

    busy = await _worker_of(downloads.app, temporal, job_id)
    assert next(worker for worker in workers if busy.startswith(f"{worker.pid}@")).stop() == 0
    row = await downloads.app.finished(job_id)

    assert (row["status"], row["retryCount"]) == ("complete", 0)
    assert site.hits["/slow/tone.mp3"] == 2


async def _times(app: WebApp, temporal: Client, job_ids: list[str], event: str) -> list[datetime]:
    """When this happened to the steps of these jobs."""
    times = []
    for job_id in job_ids:
        history = await temporal.get_workflow_handle(await app.workflow_id(job_id)).fetch_history()
        times += [one.event_time.ToDatetime() for one in history.events if one.HasField(f"{event}_event_attributes")]
    return times


async def _worker_of(app: WebApp, temporal: Client, job_id: str) -> str:
    """The identity of the worker that runs the job's step."""
    description = await temporal.get_workflow_handle(await app.workflow_id(job_id)).describe()
    (pending,) = description.raw_description.pending_activities
    return pending.last_worker_identity


async def _was_visited(site: Site) -> bool:
    return site.hits["/slow/tone.mp3"] > 0
