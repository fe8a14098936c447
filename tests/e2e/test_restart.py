"""A short run of the restart that `make restart` runs over thousands of jobs."""

from pathlib import Path

import pytest

from tests.restart.__main__ import print_outcome
from tests.restart.run import run_restart


@pytest.mark.timeout(180)
async def test_a_restart_over_many_jobs_is_green_soon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = await run_restart(tmp_path, jobs=200, watched=5)

    with capsys.disabled():
        print_outcome(outcome)
    assert outcome.faults == []
    assert outcome.followed
