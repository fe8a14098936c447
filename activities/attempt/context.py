"""Context of one activity attempt: scratch directory, heartbeats, progress."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio import activity

from audioprep.activities.attempt.shielding import run_to_completion
from audioprep.jobs.progress import StepProgress

PULSE = 1.0  # seconds between heartbeats: a cancel from a server without worker commands arrives with one
_SILENCE = 90.0  # seconds; stop heartbeating after this long without progress, so that Temporal times the attempt out


class AttemptContext:
    """One attempt at one activity. Reports never go backwards within a stage."""

    def __init__(self, stage: str, scratch: Path) -> None:
        self.scratch = scratch
        self._said = StepProgress(stage=stage)
        self._sign_of_work = time.monotonic()

    def enter_stage(self, stage: str) -> None:
        """The activity goes on to another stage, whose progress starts at 0."""
        self._said = StepProgress(stage=stage)
        self._heartbeat()

    def report_progress(self, fraction: float) -> None:
        """`fraction` of the stage is done, 0..1. Out of range it is cut; smaller than before it is ignored."""
        percent = round(min(max(fraction, 0.0), 1.0) * 100, 1)
        if percent > self._said.progress:
            self._said = self._said.model_copy(update={"progress": percent})
        self._heartbeat()

    def keep_alive(self) -> None:
        """A sign of work whose share of the whole cannot be known."""
        self._heartbeat()

    def _heartbeat(self) -> None:
        self._sign_of_work = time.monotonic()
        activity.heartbeat(self._said)

    async def heartbeat_loop(self) -> None:
        """Repeat the last report between signs of work, so that a cancel reaches a quiet step.

        It falls silent when no work shows for long: then the heartbeat timeout gives the step to another worker.
        """
        while time.monotonic() - self._sign_of_work < _SILENCE:
            activity.heartbeat(self._said)
            await asyncio.sleep(PULSE)


@asynccontextmanager
async def open_step(stage: str, scratch_root: Path) -> AsyncIterator[AttemptContext]:
    """An attempt in `stage`, with a scratch folder that is gone afterwards."""
    scratch = await asyncio.to_thread(_make_scratch, scratch_root)
    try:
        step = AttemptContext(stage, scratch)
        heartbeat_loop = asyncio.create_task(step.heartbeat_loop(), name="heartbeat")
        try:
            yield step
        finally:
            heartbeat_loop.cancel()
    finally:
        await run_to_completion(asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True))


def _make_scratch(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    info = activity.info()
    return Path(tempfile.mkdtemp(prefix=f"{info.activity_type}-{info.attempt}-", dir=root))
