"""How a child ended, in one word."""

import pytest

from audioprep.activities.process.telemetry import ChildOutcome, outcome_of


@pytest.mark.parametrize(
    ("code", "stopped", "stalled", "limited", "outcome"),
    [
        (0, False, False, False, ChildOutcome.OK),
        (1, False, False, False, ChildOutcome.FAILED),
        (-9, False, False, False, ChildOutcome.KILLED),
        (-24, False, False, True, ChildOutcome.LIMITED),
        (0, False, False, True, ChildOutcome.LIMITED),
        (-15, True, False, False, ChildOutcome.STOPPED),
        (255, True, False, False, ChildOutcome.STOPPED),
        (-15, True, True, False, ChildOutcome.STALLED),
    ],
)
def test_why_a_child_ended_comes_before_how(
    code: int, stopped: bool, stalled: bool, limited: bool, outcome: ChildOutcome
) -> None:
    assert outcome_of(code, stopped=stopped, stalled=stalled, limited=limited) is outcome
