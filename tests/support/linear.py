"""Whether a function takes time linear in the length of its input: measured on pumped strings of doubling size."""

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

SIZES: Final = (2_000, 4_000, 8_000)  # characters
MOST: Final = 0.25  # seconds of CPU for the longest
_FEW: Final = 0.02  # seconds under which a measurement says nothing about growth
_GROWTH: Final = 3.0  # by how much the time may grow when the input doubles; a quadratic pattern makes it 4


def check_linear(function: Callable[[Any], object], unit: Any, prefix: Any) -> None:
    """Raises AssertionError when `prefix` and many times `unit`, text or bytes, take `function` too long."""
    inputs = [prefix + unit * (size // len(unit)) for size in SIZES]
    if cpu_seconds(function, inputs[-1]) < _FEW:
        return
    times = [min(cpu_seconds(function, text) for _ in range(3)) for text in inputs]
    grown = [later / earlier for earlier, later in pairwise(times) if later > _FEW]
    assert times[-1] < MOST, f"{times} s for {prefix[:20]!r} + {unit!r} * n"
    assert all(factor < _GROWTH for factor in grown), f"{times} s for {prefix[:20]!r} + {unit!r} * n"


def cpu_seconds(function: Callable[[Any], object], text: Any) -> float:
    """CPU time of this thread: the machine may be busy with other tests."""
    began = time.thread_time()
    function(text)
    return time.thread_time() - began
