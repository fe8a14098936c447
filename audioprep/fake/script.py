"""Scripts of the fake bridge: what a job does, beat by beat. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from audioprep.fake.behaviour import Behaviour
from audioprep.jobs.errors import ErrorKind
from audioprep.jobs.progress import whole_progress
from audioprep.jobs.registry import JobType

_BEATS: Final = 4  # of each stage
_BEAT: Final = {Behaviour.FAST: timedelta(seconds=0.02), Behaviour.SLOW: timedelta(seconds=0.3)}
BOT_CHECK_SENTENCE: Final = (
    "YouTube asks this server to confirm that it is not a bot: download the recording yourself and upload it."
)


@dataclass(frozen=True, slots=True)
class Script:
    """A behaviour and, of one that fails, the kind of error."""

    behaviour: Behaviour = Behaviour.FAST
    kind: ErrorKind = ErrorKind.UNEXPECTED

    @property
    def failure(self) -> tuple[ErrorKind, str] | None:
        """The kind and the sentence that the job ends with, after half of its beats."""
        match self.behaviour:
            case Behaviour.BOT_CHECK:
                return ErrorKind.BOT_CHECK, BOT_CHECK_SENTENCE
            case Behaviour.FAILS:
                return self.kind, f"The fake bridge fails this job, with kind {self.kind.value}, as its script says."
        return None

    @property
    def acknowledges(self) -> bool:
        return self.behaviour is not Behaviour.NEVER_ACKNOWLEDGES


@dataclass(frozen=True, slots=True)
class Beat:
    """One write of stage and progress, and the time until the next."""

    stage: str
    progress: float
    pause: timedelta


def script_of(metadata: str | None, default: Script) -> Script:
    """The script that a row asks for itself: `{"fake": {"script": "fails", "kind": "Network"}}`, or the default.

    A real bridge ignores the field, as any that it does not know.
    """
    wanted = _field(metadata)
    behaviours = {behaviour.value for behaviour in Behaviour}
    kinds = {kind.value for kind in ErrorKind}
    name, kind = wanted.get("script"), wanted.get("kind")
    return Script(
        Behaviour(name) if name in behaviours else default.behaviour,
        ErrorKind(kind) if kind in kinds else default.kind,
    )


def beats(kind: JobType, script: Script) -> Iterator[Beat]:
    """What a job of this type writes until it ends. One that is never acknowledged has no end."""
    pause = _BEAT.get(script.behaviour, _BEAT[Behaviour.FAST])
    whole = [
        Beat(stage, whole_progress(kind.shares, stage, 100 * beat / _BEATS), pause)
        for stage in kind.shares
        for beat in range(_BEATS)
    ]
    if script.failure:
        yield from whole[: len(whole) // 2]
        return
    yield from whole
    while not script.acknowledges:
        yield Beat(whole[-1].stage, whole[-1].progress, _BEAT[Behaviour.SLOW])


def _field(metadata: str | None) -> dict[str, Any]:
    try:
        document = json.loads(metadata or "{}")
    except ValueError:
        return {}
    wanted = document.get("fake") if isinstance(document, dict) else None
    return wanted if isinstance(wanted, dict) else {}
