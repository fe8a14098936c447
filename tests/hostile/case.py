"""One hostile case, and what became of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from audioprep.jobs.errors import JobError, PermanentError


class Expect(StrEnum):
    """How a case may end. Whatever it is, nothing else is opened, hit or left behind."""

    REFUSED = "refused"  # a permanent error in one clear sentence
    PASSING = "passing"  # an error that may pass, in one clear sentence: the step is tried again
    RIGHT = "right"  # the result that the case itself checks
    EITHER = "either"  # one of the two: programs differ in what they can read


@dataclass(frozen=True, slots=True)
class Arena:
    """Where a case plays: its own folder, the corpus, what no child may open, and whom nobody may call."""

    folder: Path
    corpus: Path
    canary: Path
    forbidden: str  # host:port of the service that must see nobody


Attack: TypeAlias = Callable[[Arena], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Case:
    """`attack` does what a stranger would have done, through our own functions; its answer is the result in short."""

    group: str
    name: str
    expect: Expect
    attack: Attack

    @property
    def title(self) -> str:
        return f"{self.group}: {self.name}"

    async def play(self, arena: Arena) -> tuple[bool, str]:
        """Whether it ended as it may, and what happened."""
        try:
            answer = await self.attack(arena)
        except PermanentError as error:
            faults = _faults_of(error.message, arena)
            happened = f"refused: {error.message}"
            return self.expect in {Expect.REFUSED, Expect.EITHER} and not faults, " ".join([happened, *faults])
        except JobError as error:
            faults = _faults_of(error.message, arena)
            happened = f"would be retried: {error.message}"
            return self.expect is Expect.PASSING and not faults, " ".join([happened, *faults])
        except Exception as error:
            return False, f"FAULT {type(error).__name__}: {error}"
        return self.expect in {Expect.RIGHT, Expect.EITHER}, f"right: {answer}"


def _faults_of(sentence: str, arena: Arena) -> list[str]:
    """What is wrong with an error as a row would show it."""
    rules = {
        "NOT A SENTENCE": sentence[:1].isspace() or not sentence.endswith("."),
        "TOO LONG": len(sentence) > 500,
        "UNPRINTABLE": not sentence.isprintable(),
        "NAMES OUR FOLDERS": str(arena.folder) in sentence,
        "NAMES AN ADDRESS IN MEMORY": " @ 0x" in sentence,
        "TELLS A SECRET": "hunter2" in sentence,
    }
    return [f"[{fault}]" for fault, found in rules.items() if found]
