"""A rolling deploy with worker versioning: a running job stays on its version, a new one takes the current."""

import asyncio
import sys
import uuid
from pathlib import Path

from temporalio.client import Client

from tests.support.audio import make_audio
from tests.support.children import child_of
from tests.support.deployment import Deployment
from tests.support.fake_programs import slow_ffmpeg
from tests.support.waiting import eventually
from tests.support.webapp import WebApp

SHORT = {"sourceType": "audio_file", "storageKey": "uploads/short.mp3"}
INGEST = {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"}


async def test_a_job_stays_on_the_version_that_began_it(
    deployment: Deployment, temporal: Client, tmp_path: Path
) -> None:
    await deployment.migrate()
    deployment.upload(make_audio(tmp_path / "tone.mp3", 30), "uploads/tone.mp3")
    deployment.upload(make_audio(tmp_path / "short.mp3", 1), "uploads/short.mp3")
    deployment.extra["PATH"] = slow_ffmpeg(tmp_path / "bin", speed=2)
    deployment.start("bridge")
    deployment.extra["AUDIOPREP_DEPLOYMENT"] = f"d-{uuid.uuid4()}"
    old = await _start_version(deployment, "1")
    first = await deployment.app.submit("ingest", INGEST)
    await child_of(old, "readrate")

    await _start_version(deployment, "2")

    async def lands_on_the_new_version() -> bool:
        """The server takes a moment to spread the news to its task queues."""
        job_id = await deployment.app.submit("ingest", SHORT)
        assert (await deployment.app.finished(job_id))["status"] == "complete"
        return await _versions(deployment.app, temporal, job_id) == {"2"}

    await eventually(lands_on_the_new_version, what="a job on the new version")
    assert (await deployment.app.finished(first))["status"] == "complete"
    assert await _versions(deployment.app, temporal, first) == {"1"}


async def _start_version(deployment: Deployment, build: str) -> int:
    """Start a worker of this version and make it the current one, as docs/operations.md has it; its pid."""
    deployment.extra["AUDIOPREP_BUILD_ID"] = build
    worker = deployment.start("worker")
    command = ["worker", "deployment", "set-current-version", "--yes", "--address", deployment.temporal_address]
    command += ["--deployment-name", deployment.extra["AUDIOPREP_DEPLOYMENT"], "--build-id", build]

    async def made_current() -> bool:
        process = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).with_name("temporal")), *command),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return await process.wait() == 0

    await eventually(made_current, what=f"version {build}")
    return worker.pid


async def _versions(app: WebApp, temporal: Client, job_id: str) -> set[str]:
    """The builds that completed the job's workflow tasks."""
    history = await temporal.get_workflow_handle(await app.workflow_id(job_id)).fetch_history()
    completed = [event.workflow_task_completed_event_attributes for event in history.events]
    return {attributes.deployment_version.build_id for attributes in completed} - {""}
