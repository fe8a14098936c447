"""One fuzz target, and how to run it for a while."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

_ROUND = 300  # examples before Hypothesis starts anew, with other choices
_AT_LEAST = 20  # inputs, however slow the machine is


@dataclass(frozen=True, slots=True)
class Target:
    """`check` raises for an input that is taken wrongly; Hypothesis then looks for the smallest of its kind."""

    name: str
    inputs: SearchStrategy[Any]
    check: Callable[[Any], None]

    def run(self, seconds: float) -> int:
        """Try inputs until the time is over, and some at least. Returns how many.

        Raises what `check` raised, with the input as a note.
        """
        deadline = time.monotonic() + seconds
        tried = 0
        failing = False

        @settings(max_examples=_ROUND, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(self.inputs)
        def attempt(given_input: Any) -> None:
            nonlocal tried, failing
            over = time.monotonic() > deadline and tried >= _AT_LEAST
            if over and not failing:  # else the smallest failing input is still looked for
                return
            try:
                self.check(given_input)
            except Exception:
                failing = True
                raise
            tried += 1

        while time.monotonic() < deadline or tried < _AT_LEAST:
            attempt()
        return tried
