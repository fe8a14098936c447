"""An attempt as sites and exits see it: which exit it takes, by which session, and what came in by it."""

import hashlib
from datetime import UTC, datetime
from typing import Final

from temporalio import activity

from audioprep.activities.download.exits.exit import Exit
from audioprep.activities.ytdlp.command import age_of, version_of

_SESSION: Final = 12  # hexadecimal digits of an exit's session
_TURN: Final = 8  # hexadecimal digits of the number that spreads jobs over the exits


def attempt_number() -> int:
    return activity.info().attempt if activity.in_activity() else 1


def _digest() -> str:
    """Of the job alone: the same for all its attempts."""
    name = activity.info().workflow_id if activity.in_activity() else ""
    return hashlib.sha256(f"{name}".encode()).hexdigest()


def exit_turn() -> int:
    """The number of the exit to begin with: jobs are spread over the exits, and each attempt takes the next one."""
    return int(_digest()[:_TURN], 16) + attempt_number() - 1


def exit_session() -> str:
    """A new one for each attempt, the same for all of its connections."""
    return hashlib.sha256(f"{_digest()}/{attempt_number()}".encode()).hexdigest()[:_SESSION]


def record_age(path: str) -> None:
    """How old the yt-dlp of this run is: sites break it every few weeks."""
    version = version_of(path)
    age = age_of(version or "", datetime.now(UTC))
    if activity.in_activity() and version and age is not None:
        meter = activity.metric_meter().with_additional_attributes({"version": version})
        meter.create_gauge_float("audioprep_ytdlp_age_days", "Days since the yt-dlp in use came out").set(
            age.total_seconds() / 86_400
        )


def count_exit_bytes(used: Exit, count: int) -> None:
    """Bytes by exit: providers bill them."""
    if activity.in_activity() and used.scheme and count:
        meter = activity.metric_meter().with_additional_attributes({"exit": used.label})
        meter.create_counter("audioprep_exit_bytes", "Bytes that came in through an exit").add(count)
