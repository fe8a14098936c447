"""The bar that a web app shows: one for the whole job, on the real parts."""

import asyncio
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.support.activities import clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.fake_programs import slow_ffmpeg

_SECONDS = 160
_SPEED = 50.0  # times real time that ffmpeg reads: each run takes some seconds, as long as several looks of the bridge


@pytest.fixture
async def slow(deployment: Deployment, tmp_path: Path) -> Deployment:
    """Serves jobs that take a while, and records every change of their rows."""
    deployment.extra |= {"PATH": slow_ffmpeg(tmp_path / "bin", _SPEED), "AUDIOPREP_ACTIVITY_SLOTS": "3"}
    await deployment.migrate()
    await deployment.app.record_changes()
    deployment.start("serve")
    return deployment


async def test_the_bar_of_every_type_rises_from_0_to_100(slow: Deployment, tmp_path: Path) -> None:
    source = str(uuid.uuid4())
    file = make_audio(tmp_path / "source.flac", _SECONDS, "-ac", "2", source="anoisesrc=seed=3:a=0.4")
    slow.upload(file, "uploads/source.flac")
    slow.upload(file, f"assets/{source}/original.flac")

    jobs = await asyncio.gather(*(slow.app.submit(kind, metadata) for kind, metadata in _jobs(source).items()))
    rows = await asyncio.gather(*(slow.app.finished(job_id, within=120) for job_id in jobs))

    assert [(row["status"], row["progress"]) for row in rows] == [("complete", 100)] * 3, rows
    for job_id, row in zip(jobs, rows, strict=True):
        changes = await slow.app.changes(job_id)
        bar = [change["progress"] for change in changes]
        assert bar == sorted(bar), (row["type"], bar)
        assert bar[0] == 0
        assert len({progress for progress in bar if 0 < progress < 100}) >= 3, (row["type"], bar)


def _jobs(source: str) -> dict[str, dict[str, Any]]:
    """A job of each type, by its type."""
    recipe = recipe_of(clip_of(source, 0, _SECONDS), normalize=True)
    return {
        "ingest": {"sourceType": "audio_file", "storageKey": "uploads/source.flac"},
        "preview": {"recipe": recipe, "recipeHash": uuid.uuid4().hex},
        "save": {"recipe": recipe},
    }
