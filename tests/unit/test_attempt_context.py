"""What a step says of its progress."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.context import AttemptContext, open_step
from audioprep.jobs.progress import StepProgress
from audioprep.jobs.status import Stage


def said_by(fractions: list[float]) -> list[float]:
    said: list[StepProgress] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = said.append

    def report() -> None:
        step = AttemptContext(Stage.RENDERING, Path())
        for fraction in fractions:
            step.report_progress(fraction)

    environment.run(report)
    return [progress.progress for progress in said]


@given(st.lists(st.floats(allow_nan=False)))
def test_progress_stays_in_range_and_never_goes_back(fractions: list[float]) -> None:
    said = said_by(fractions)

    assert said == sorted(said)
    assert all(0 <= value <= 100 for value in said)
    assert len(said) == len(fractions)


def test_progress_is_in_percent_of_the_stage() -> None:
    assert said_by([0, 0.1234, 0.1, 1.5]) == [0, 12.3, 12.3, 100]


async def test_a_new_stage_starts_at_0_and_scratch_is_removed(tmp_path: Path) -> None:
    said: list[StepProgress] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = said.append

    async def work() -> None:
        async with open_step(Stage.RENDERING, tmp_path) as step:
            (step.scratch / "file").touch()
            step.report_progress(0.7)
            step.enter_stage(Stage.UPLOADING)
            step.keep_alive()

    await environment.run(work)

    assert said[-1] == StepProgress(stage=Stage.UPLOADING, progress=0)
    assert StepProgress(stage=Stage.RENDERING, progress=70) in said
    assert list(tmp_path.iterdir()) == []


async def test_a_cancelled_step_leaves_no_scratch_folder(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        async with open_step(Stage.RENDERING, tmp_path):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(ActivityEnvironment().run(work))
    await begun.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(tmp_path.iterdir()) == []
