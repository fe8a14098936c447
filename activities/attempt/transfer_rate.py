"""Minimum transfer rate of a download, judged over a sliding window. Pure: the caller brings the clock."""

from collections import deque
from typing import Final

_SLOTS: Final = 60  # parts of a window that are counted together


class RateWindow:
    """Tells until when a transfer is fast enough: `needed` bytes within any `window` seconds after the first ones.

    A transfer that is over before its first window ends is never too slow, however small it was.
    """

    def __init__(self, needed: float, window: float, now: float) -> None:
        self._needed = needed
        self._window = window
        self._began = now
        self._slots: deque[tuple[int, int]] = deque()  # (number of the slot, bytes): the fewest that hold `needed`
        self._total = 0

    def add(self, count: int, now: float) -> None:
        """`count` bytes have arrived."""
        number = int(now * _SLOTS / self._window)
        if self._slots and self._slots[-1][0] == number:
            count_before = self._slots.pop()[1]
            self._slots.append((number, count_before + count))
        else:
            self._slots.append((number, count))
        self._total += count
        while self._total - self._slots[0][1] >= self._needed and len(self._slots) > 1:
            self._total -= self._slots.popleft()[1]

    @property
    def deadline(self) -> float | None:
        """The moment from which on the transfer is too slow unless more arrives; None if any rate will do."""
        if not self._needed:
            return None
        if self._total < self._needed:
            return self._began + self._window
        return (self._slots[0][0] + 1) * self._window / _SLOTS + self._window
