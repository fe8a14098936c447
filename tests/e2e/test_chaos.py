"""A short run of the chaos that `make chaos` runs for long."""

from pathlib import Path

import pytest

from tests.chaos.__main__ import print_outcome
from tests.chaos.run import Plan, run_chaos

PLANS = {
    "one table": Plan(jobs=16, seconds=20, seed=7),
    "two tables with the same job ids, and foreign rows": Plan(jobs=20, seconds=20, seed=7, tables=2, foreign=1_000),
}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
async def test_nothing_is_lost_or_orphaned_whatever_dies(
    plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = await run_chaos(tmp_path, plan)

    with capsys.disabled():
        print_outcome(outcome, plan)
    assert outcome.account.faults == []
    assert sum(outcome.hits.values()) >= 3
