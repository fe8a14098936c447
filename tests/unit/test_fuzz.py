"""A short run of every fuzz target; `make fuzz SECONDS=600` is the long one."""

import pytest

from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

pytestmark = pytest.mark.slow

_SECONDS = 1.0


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_no_input_is_taken_wrongly(target: Target) -> None:
    assert target.run(_SECONDS) > 0
