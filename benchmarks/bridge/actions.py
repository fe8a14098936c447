"""Actions of a job as a Temporal server counts them, which is how Temporal Cloud bills."""

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from audioprep.bridge.store.usage import TypeUsage, Usage
from audioprep.cli.views.estimate import Deployment, estimate
from benchmarks.measurement import Measurement, Row
from benchmarks.pages import page
from benchmarks.stack import Stack, open_stack
from tests.support.audio import make_audio
from tests.support.fake_programs import slow_ffmpeg
from tests.support.pollers import until_polling

_INTERVALS: Final = (1.0, 5.0)
_PRICE: Final = 50.0  # dollars for a million
_MEMO: Final = "command_ModifyWorkflowProperties"
_CLOSE: Final = 0.15  # by which the estimate may differ


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    seconds = 8 if quick else 60
    rows = []
    async with open_stack(folder) as stack:
        deployment = stack.deployment
        deployment.extra["PATH"] = slow_ffmpeg(folder / "bin")
        deployment.upload(make_audio(folder / "tone.mp3", seconds), "uploads/tone.mp3")
        deployment.start("bridge")
        for interval in _INTERVALS:
            worker = deployment.start("worker", AUDIOPREP_HEARTBEAT_INTERVAL=str(interval))
            await until_polling(await stack.client(), deployment.task_queue, worker)
            rows.append(_row(seconds, interval, await _actions_of_a_job(stack)))
            worker.stop()
    return rows


async def _actions_of_a_job(stack: Stack) -> float:
    before = _actions(stack)
    app = stack.deployment.app
    job_id = await app.submit("ingest", {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"})
    row = await app.finished(job_id, within=180)
    assert row["status"] == "complete"
    await asyncio.sleep(1)
    return _actions(stack) - before


def _actions(stack: Stack) -> float:
    """As of now, in the namespace of the jobs, without updates of memos, which Temporal Cloud's list does not have."""
    counted = re.findall(r'^action\{(.*namespace="default".*)\} (\S+)$', page(stack.temporal_metrics), re.MULTILINE)
    return sum(float(value) for labels, value in counted if _MEMO not in labels)


def _row(seconds: int, interval: float, actions: float) -> Row:
    usage = TypeUsage("ingest", 1, float(seconds), 0.0, 0, 0, 0)
    found = estimate(Usage((usage,), datetime.now(UTC), True), 1, Deployment(interval, 3.0, 0.0), jobs=1)
    return Row(
        f"Actions of an ingest of {seconds} s, a heartbeat every {interval:g} s",
        f"{actions:.0f}, {actions * _PRICE / 100:.2f} dollars for 10,000 jobs",
        f"`audioprep cost` says {found.actions:.0f}",
        actions / found.actions,
        f"within {_CLOSE:.0%}",
        abs(actions / found.actions - 1) <= _CLOSE,
    )


MEASUREMENT = Measurement(
    "actions",
    "Actions of a job",
    "One ingest that takes a minute, by the `action` counter of Temporal's development server, without"
    " updates of memos, which the list of Temporal Cloud's Actions does not have; at 50 dollars a million.",
    run,
)
