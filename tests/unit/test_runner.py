"""The pace of a bridge's services."""

from hypothesis import given
from hypothesis import strategies as st

from audioprep.bridge.runner import jittered
from audioprep.bridge.services import JITTER


@given(st.floats(0.001, 3600))
def test_a_run_comes_no_later_than_its_interval_and_little_earlier(interval: float) -> None:
    assert interval * (1 - JITTER) <= jittered(interval) <= interval


def test_two_bridges_do_not_move_in_step() -> None:
    assert len({jittered(3.0) for _ in range(20)}) > 1
