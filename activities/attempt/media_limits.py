"""Quotas of one job: bytes and minutes of a source, bytes of an output, the least rate of a download."""

from dataclasses import dataclass
from typing import Final

from audioprep.activities.attempt.transfer_rate import RateWindow
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError

_PADDING: Final = 0.5  # seconds that an encoder may add before and after a recording which is as long as the limit


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """All hold while streaming, not afterwards."""

    max_bytes: int = 100 * 1024 * 1024
    max_seconds: float = 30 * 60
    max_entries: int = 50  # of a playlist
    max_output_bytes: int = 1024 * 1024 * 1024
    min_rate: float = 1024  # bytes a second of a download, on average over `rate_window`; 0 takes any
    rate_window: float = 60  # seconds

    def check_size(self, size: int) -> None:
        """Raises PermanentError when `size` bytes are too many."""
        if size > self.max_bytes:
            limit = self.max_bytes / (1024 * 1024)
            raise PermanentError(ErrorKind.LIMIT_EXCEEDED, f"The source is larger than the limit of {limit:g} MB.")

    def check_duration(self, seconds: float) -> None:
        """Raises PermanentError when `seconds` of sound are too many."""
        if seconds > self.max_seconds + _PADDING:
            limit = self.max_seconds / 60
            raise PermanentError(ErrorKind.LIMIT_EXCEEDED, f"The audio is longer than the limit of {limit:g} minutes.")

    def check_entries(self, entries: int) -> None:
        """Raises PermanentError when a playlist asks for more entries than the operator allows."""
        if entries > self.max_entries:
            sentence = f"A playlist may have {self.max_entries} entries at most here, and {entries} were asked for."
            raise PermanentError(ErrorKind.LIMIT_EXCEEDED, sentence)

    def check_output(self, size: int) -> None:
        """Raises PermanentError when an output of `size` bytes is too large to make."""
        if size > self.max_output_bytes:
            limit = self.max_output_bytes / (1024 * 1024)
            made = size / (1024 * 1024)
            sentence = f"The result would be {made:.0f} MB, over the limit of {limit:g} MB: lower the sample rate."
            raise PermanentError(ErrorKind.LIMIT_EXCEEDED, sentence)

    def watch_rate(self, now: float) -> RateWindow:
        """The watch over a download that begins now."""
        return RateWindow(self.min_rate * self.rate_window, self.rate_window, now)

    def too_slow(self, host: str) -> TransientError:
        """The error for a download from `host` that has missed the deadline of its watch."""
        needed = self.min_rate * self.rate_window / 1000
        sentence = f"{host} is too slow: less than {needed:.3g} kB arrived within {self.rate_window:g} s."
        return TransientError(ErrorKind.NETWORK, sentence)
