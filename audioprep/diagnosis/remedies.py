"""Remedies by kind of failure: the runbook's table "Jobs fail" as data."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from audioprep.jobs.errors import ErrorKind
from audioprep.jobs.job import Job


class Mover(StrEnum):
    """Whose move it is."""

    NOBODY = "nobody"
    APP = "the app or its user"
    OPERATOR = "you"
    BRIDGE = "a bridge"
    WORKER = "a worker"
    TEMPORAL = "Temporal"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do about a failed job. `command` has `{id}` for the job's id."""

    mover: Mover
    advice: str
    command: str = ""


_RETRY: Final = "audioprep retry {id}"
_CHECK: Final = "audioprep check --role worker"

REMEDIES: Final = {
    ErrorKind.INVALID_PAYLOAD: Remedy(Mover.APP, "The row asks for what its type does not have: correct the app."),
    ErrorKind.SOURCE_MISSING: Remedy(Mover.APP, "The source is not there: upload it again, or ask for another one."),
    ErrorKind.UNSUPPORTED_MEDIA: Remedy(Mover.APP, "The file is not audio that can be read: upload another one."),
    ErrorKind.LIMIT_EXCEEDED: Remedy(
        Mover.APP, "The source is larger or longer than the limits, which `audioprep check` prints: use a smaller one."
    ),
    ErrorKind.REFUSED: Remedy(Mover.APP, "The source cannot be fetched from here: upload the file instead."),
    ErrorKind.BOT_CHECK: Remedy(
        Mover.OPERATOR,
        "The site takes this server for a bot: try again in some hours, from another address, or upload the file.",
        _CHECK,
    ),
    ErrorKind.SITE_LIMIT: Remedy(Mover.OPERATOR, "The site limits this server: try again in an hour.", _RETRY),
    ErrorKind.SITE_CHANGED: Remedy(Mover.OPERATOR, "The site has changed: upgrade yt-dlp, then retry.", _CHECK),
    ErrorKind.TIMED_OUT: Remedy(
        Mover.OPERATOR,
        "The time was not enough: see what was slow, raise AUDIOPREP_TIMEOUT_*, retry.",
        "audioprep logs {id}",
    ),
    ErrorKind.STALLED: Remedy(Mover.OPERATOR, "A program made no progress: see which one, then retry.", _RETRY),
    ErrorKind.NETWORK: Remedy(Mover.OPERATOR, "The other side did not answer: see whether it does now.", _RETRY),
    ErrorKind.STORAGE: Remedy(Mover.OPERATOR, "The storage did not answer as it should: mend that first.", _CHECK),
    ErrorKind.CHILD_FAILED: Remedy(Mover.OPERATOR, "A program failed: the worker's log has its output.", _RETRY),
    ErrorKind.SITE_BUSY: Remedy(Mover.OPERATOR, "There were too many downloads from the site: try again.", _RETRY),
    ErrorKind.WORKER_SHUTDOWN: Remedy(Mover.OPERATOR, "Workers were stopped too often for the job: retry.", _RETRY),
    ErrorKind.INVALID_RESULT: Remedy(
        Mover.OPERATOR, "The workflow returned what is not JSON: correct the worker of its type.", "audioprep logs {id}"
    ),
    ErrorKind.TERMINATED: Remedy(Mover.OPERATOR, "The workflow was terminated in Temporal: retry if wanted.", _RETRY),
    ErrorKind.LOST: Remedy(Mover.OPERATOR, "No program reported on the row: see that its worker runs.", _RETRY),
    ErrorKind.SUPERSEDED: Remedy(Mover.APP, "A newer row took its place: nothing has to be done."),
    ErrorKind.EXIT_FAILED: Remedy(
        Mover.OPERATOR, "The proxy that downloads leave by did not serve: check it, then retry.", _CHECK
    ),
    ErrorKind.UNEXPECTED: Remedy(
        Mover.OPERATOR,
        "An unforeseen fault: the worker's log has its trace; report it.",
        "audioprep logs {id}",
    ),
}


def remedy_of(kind: ErrorKind) -> Remedy:
    """That of an unforeseen fault for a kind that has none of its own."""
    return REMEDIES.get(kind, REMEDIES[ErrorKind.UNEXPECTED])


def kind_of(job: Job) -> ErrorKind | None:
    """The kind in a failed row's result; None for a row of another program or another state."""
    try:
        return ErrorKind(json.loads(job.result or "")["error"]["kind"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
