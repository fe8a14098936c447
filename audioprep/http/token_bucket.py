"""Rate limit (token bucket): a burst, then a steady rate."""

import time
from collections.abc import Callable
from typing import Final

_CLOCK: Final = time.monotonic


class TokenBucket:
    """Holds `burst` tokens, and gains `per_second` while it is not full. `clock` counts seconds."""

    def __init__(self, burst: float, per_second: float, clock: Callable[[], float] = _CLOCK) -> None:
        self._burst = burst
        self._per_second = per_second
        self._clock = clock
        self._tokens = burst
        self._counted_at = clock()

    def take(self) -> bool:
        """Whether there was a token; it is gone then."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._counted_at) * self._per_second)
        self._counted_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    @property
    def wait(self) -> float:
        """Seconds until there is a token."""
        return max(0.0, (1 - self._tokens) / self._per_second)
