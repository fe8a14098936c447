"""One run of ffmpeg, followed by its own progress."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from audioprep.activities.ffmpeg.command import LIMITS, complaint, ffmpeg
from audioprep.activities.ffmpeg.progress import seconds_of
from audioprep.activities.process.supervisor import child_process
from audioprep.jobs.errors import ErrorKind, TransientError

_REPORT_INTERVAL = "0.5"  # seconds between two progress blocks

Report = Callable[[float], None]
"""Called with the share that is done, 0..1."""


@dataclass(frozen=True, slots=True)
class FfmpegRun:
    """How a run ended: the seconds of sound it wrote, and the end of what it said on stderr."""

    seconds: float
    said: str


async def run_ffmpeg(
    arguments: list[str | Path], report: Report, expected_seconds: float | None, cwd: Path, max_bytes: int = 0
) -> FfmpegRun:
    """Run ffmpeg to its end. `report` hears of it at least every second; with 0 when the length is not known.

    It may write files of `max_bytes` at most.

    Raises TransientError when ffmpeg fails. That it did not fail proves nothing: whoever made a file looks at the file.
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
        raise TransientError(
            ErrorKind.CHILD_FAILED, f"ffmpeg failed with code {code} ({complaint(child.last_words, cwd)})."
        )
    return FfmpegRun(seconds, child.stderr_tail)


def portion(report: Report, begin: float, end: float) -> Report:
    """A part of a longer way: its 0..1 is `begin`..`end` of the whole."""
    return lambda share: report(begin + (end - begin) * min(max(share, 0.0), 1.0))
