"""One run of ffmpeg, followed by its own progress: https://ffmpeg.org/ffmpeg.html#Main-options."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from audioprep.activities.ffmpeg.command import KILLED, LIMITS, ffmpeg
from audioprep.activities.ffmpeg.errors import reason_of
from audioprep.activities.process.supervisor import child_process
from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError

_DISK_FAILED = ("No space left on device", "Input/output error", "Disk quota exceeded", "Stale file handle")
_REPORT_INTERVAL = "0.5"  # seconds between two progress blocks

ProgressCallback = Callable[[float], None]
"""Called with the share that is done, 0..1."""


@dataclass(frozen=True, slots=True)
class FfmpegRun:
    """How a run ended: the seconds of sound it wrote, and the end of what it said on stderr."""

    seconds: float
    said: str


async def run_ffmpeg(
    arguments: list[str | Path], report: ProgressCallback, expected_seconds: float | None, cwd: Path, max_bytes: int = 0
) -> FfmpegRun:
    """Run ffmpeg to its end. `report` hears of it at least every second; with 0 when the length is not known.

    It may write files of `max_bytes` at most.

    Raises PermanentError when ffmpeg fails, since it would fail again over the same input, but TransientError when it
    was killed or the disk failed. That it did not fail proves nothing: look at the file that it made.
    """
    command = ffmpeg("-nostats", "-stats_period", _REPORT_INTERVAL, "-progress", "pipe:1", *arguments)
    seconds = 0.0
    async with child_process(command, cwd=cwd, limits=LIMITS.writing(max_bytes)) as child:
        async for line in child.lines():
            seconds = max(seconds, seconds_of(line) or 0.0)
            if line.startswith("progress="):
                report(seconds / expected_seconds if expected_seconds else 0.0)
        code = await child.wait()
    if code != 0:
        raise _failure(code, child.stderr, cwd)
    return FfmpegRun(seconds, child.stderr_tail)


def _failure(code: int, said: str, cwd: Path) -> JobError:
    if code < 0 or code == KILLED:
        return TransientError(ErrorKind.CHILD_FAILED, "ffmpeg was killed while it worked.")
    reason = reason_of(said, cwd)
    if any(word in said for word in _DISK_FAILED):
        return TransientError(ErrorKind.STORAGE, f"ffmpeg could not read or write its files ({reason}).")
    return PermanentError(ErrorKind.UNSUPPORTED_MEDIA, f"ffmpeg could not process the audio ({reason}).")


def subrange(report: ProgressCallback, begin: float, end: float) -> ProgressCallback:
    """A part of a longer way: its 0..1 is `begin`..`end` of the whole."""
    return lambda share: report(begin + (end - begin) * min(max(share, 0.0), 1.0))


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
