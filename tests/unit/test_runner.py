"""The pace of a bridge's services."""

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from audioprep.bridge.database.errors import AnswerTooLarge, DatabaseError, DatabaseRefused, DatabaseUnavailable
from audioprep.service.health import Health
from audioprep.service.runner import JITTER, Runner, jittered


@given(st.floats(0.001, 3600))
def test_jitter_is_never_late_and_little_early(interval: float) -> None:
    assert interval * (1 - JITTER) <= jittered(interval) <= interval


def test_two_bridges_do_not_move_in_step() -> None:
    assert len({jittered(3.0) for _ in range(20)}) > 1


class Refused:
    """A service that the other side always refuses."""

    name = "claimer"

    def __init__(self, error: Exception) -> None:
        self._error = error

    def interval(self) -> float:
        return 0.01

    async def run_once(self) -> None:
        raise self._error


@pytest.mark.parametrize("kind", [DatabaseRefused, DatabaseUnavailable, AnswerTooLarge])
async def test_a_refusal_is_a_reason_and_no_trace(kind: type[Exception]) -> None:
    health = Health()
    runner = Runner(Refused(kind("The quota is used up.")), health.watch("claimer"), (DatabaseError,))
    runner.stop()

    with structlog.testing.capture_logs() as logged:
        await runner._run_once()

    assert health.unready() == {"claimer": "claimer: The quota is used up."}
    assert [(line["event"], "exc_info" in line) for line in logged] == [("service_backs_off", False)]
