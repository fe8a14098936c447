"""Moving over from a poll-loop worker: both serve one table, and each job is done once."""

import asyncio
from pathlib import Path

import pytest

from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.pollloop import PollLoop

_JOBS = 100
_METADATA = '{"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"}'


@pytest.mark.timeout(300)
async def test_a_hundred_jobs_beside_a_poll_loop_are_each_done_once(deployment: Deployment, tmp_path: Path) -> None:
    app = deployment.app
    await deployment.migrate()
    await app.record_changes()
    deployment.upload(make_audio(tmp_path / "tone.mp3", 1), "uploads/tone.mp3")
    job_ids = [await app.submit("ingest", _METADATA) for _ in range(_JOBS)]

    old = PollLoop(app, work=0.3)
    polling = asyncio.create_task(old.run())
    deployment.start("serve")
    rows = [await app.finished(job_id, within=240) for job_id in job_ids]
    polling.cancel()

    assert {row["status"] for row in rows} == {"complete"}
    claims = await app.sql("SELECT jobId FROM changes WHERE status = 'processing' AND stage = 'queued' GROUP BY jobId")
    ours = {row["jobId"] for row in claims}
    assert ours
    assert old.done
    assert ours.isdisjoint(old.done)
    assert sorted([*ours, *old.done]) == sorted(job_ids)
    ends = await app.sql("SELECT jobId, count(*) AS n FROM changes WHERE status = 'complete' GROUP BY jobId")
    assert {row["n"] for row in ends} == {1}
