"""What ffmpeg says of its progress: `key=value` lines in blocks, https://ffmpeg.org/ffmpeg.html#Main-options."""

_MICROSECONDS = 1_000_000
_MAX_DIGITS = 19  # of a 64-bit number; Python refuses to read endless ones


def seconds_of(line: str) -> float | None:
    """The time written so far, in seconds, from one line of `-progress`; None when the line tells another thing.

    `out_time_us` and `out_time_ms` both count microseconds: the second is misnamed, and kept so for old readers
    (https://trac.ffmpeg.org/ticket/7345). Before the first sample the value is `N/A`, or below zero in a stream that
    starts with a priming delay; such a time says nothing yet.
    """
    key, _, value = line.strip().partition("=")
    if key not in ("out_time_us", "out_time_ms"):
        return None
    digits = value.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS):
        return None
    return int(digits) / _MICROSECONDS
