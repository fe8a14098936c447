"""A short run of the chaos that `make chaos` runs for long."""

from pathlib import Path

import pytest

from tests.chaos.__main__ import print_outcome
from tests.chaos.run import Plan, run_chaos


@pytest.mark.timeout(240)
async def test_nothing_is_lost_or_orphaned_whatever_dies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = Plan(jobs=16, seconds=20, seed=7)

    outcome = await run_chaos(tmp_path, plan)

    with capsys.disabled():
        print_outcome(outcome, plan)
    assert outcome.account.faults == []
    assert sum(outcome.hits.values()) >= 3
