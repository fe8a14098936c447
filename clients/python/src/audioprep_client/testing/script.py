"""Scripts of the fake bridge: what becomes of a job, beat by beat. Pure."""

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

from audioprep_client.generated import RETRYABLE, STAGE_STARTS, ErrorKind

Behaviour = Literal["fast", "slow", "fails", "bot-check", "never-acknowledges"]
_BEATS: Final = {"slow": 20}  # of each stage
_BOT_CHECK: Final = (
    "YouTube asks this server to confirm that it is not a bot: download the recording yourself and upload it."
)


@dataclass(frozen=True, slots=True)
class Script:
    """What becomes of a job. `kind` is that of the error with `fails`.

    `never-acknowledges` runs until it is cancelled, and that cancel is never acknowledged.
    """

    behaviour: Behaviour = "fast"
    kind: ErrorKind = "Network"

    @property
    def failure(self) -> "Failure | None":
        """What the script fails the job with, after half of its beats."""
        match self.behaviour:
            case "bot-check":
                return Failure(_BOT_CHECK, "BotCheck")
            case "fails":
                sentence = f"The fake bridge fails this job, with kind {self.kind}, as its script says."
                return Failure(sentence, self.kind)
        return None


class Failure(Exception):
    """A failure that a job ends with: the sentence, and what `result` says of it."""

    def __init__(self, sentence: str, kind: ErrorKind, attempts: int = 1) -> None:
        super().__init__(sentence)
        self.result = json.dumps(
            {"error": {"kind": kind, "retryable": kind in RETRYABLE, "attempts": attempts}}, separators=(",", ":")
        )


def script_of(metadata: dict[str, Any], default: Script) -> Script:
    """The script that a row asks for itself, as `{"fake": {"script": "fails", "kind": "Network"}}`, or the default."""
    wanted = metadata.get("fake")
    if not isinstance(wanted, dict):
        return default
    return Script(wanted.get("script", default.behaviour), wanted.get("kind", default.kind))


def beats(job_type: str, script: Script) -> list[tuple[str, int]]:
    """Stage and progress at each beat of a job, up to where its script fails it."""
    starts = list(STAGE_STARTS["preview" if job_type == "edit" else job_type].items())
    ends = [start for _, start in starts[1:]] + [100]
    count = _BEATS.get(script.behaviour, 4)
    whole = [
        (stage, round(start + (end - start) * beat / count))
        for (stage, start), end in zip(starts, ends, strict=True)
        for beat in range(count)
    ]
    return whole[: len(whole) // 2] if script.failure else whole
