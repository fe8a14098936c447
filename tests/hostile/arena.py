"""Runs cases: each in a process of its own, whose end, time and memory are looked at."""

import asyncio
import json
import os
import resource
import select
import shutil
import signal
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.hostile.case import Arena, Case
from tests.hostile.corpus import make_canary, make_corpus
from tests.hostile.traps import Canary, Service, set_traps

TIME_LIMIT = 30.0  # seconds for a case
MEMORY_LIMIT = 512.0  # MB of the largest process of a case: what a whole worker has


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case. `memory` is that of its largest process in MB, the Python that plays it included."""

    case: Case
    ok: bool
    happened: str
    seconds: float
    memory: float
    hits: int
    opened: list[str]
    died: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """The whole table in figures."""

    cases: int
    wrong: int
    hits: int
    opened: int
    deaths: int
    memory: float
    seconds: float

    @classmethod
    def of(cls, outcomes: list[Outcome]) -> "Tally":
        return cls(
            cases=len(outcomes),
            wrong=sum(not outcome.ok for outcome in outcomes),
            hits=sum(outcome.hits for outcome in outcomes),
            opened=sum(len(outcome.opened) for outcome in outcomes),
            deaths=sum(outcome.died for outcome in outcomes),
            memory=max(outcome.memory for outcome in outcomes),
            seconds=sum(outcome.seconds for outcome in outcomes),
        )

    @property
    def ok(self) -> bool:
        return not (self.wrong or self.hits or self.opened or self.deaths) and self.memory < MEMORY_LIMIT


def play_all(folder: Path, cases: Iterable[Case]) -> Iterator[Outcome]:
    """Every case, one after the other, between the same traps."""
    corpus, canary_folder = make_corpus(folder / "corpus"), make_canary(folder / "canary")
    with set_traps(canary_folder) as (canary, service):
        for number, case in enumerate(cases):
            arena = Arena(folder / f"case-{number}", corpus, canary_folder, service.address)
            arena.folder.mkdir()
            canary.opened()  # by the corpus, or by nobody
            yield _play(case, arena, canary, service)
            shutil.rmtree(arena.folder, ignore_errors=True)


def _play(case: Case, arena: Arena, canary: Canary, service: Service) -> Outcome:
    reader, writer = os.pipe()
    begun = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _be_the_worker(case, arena, writer)
    os.close(writer)
    said = _listen(reader, pid)
    os.waitpid(pid, 0)
    seconds = time.monotonic() - begun
    hits, opened = service.hits(), canary.opened()
    if said is None:
        return Outcome(case, False, "THE WORKER DIED OR HUNG", seconds, 0.0, hits, opened, died=True)
    ok, happened, memory = said
    return Outcome(case, ok, happened, seconds, memory, hits, opened)


def _be_the_worker(case: Case, arena: Arena, writer: int) -> None:
    """In the forked process: play, tell, and leave without anything of the parent's clean-up."""
    try:
        ok, happened = asyncio.run(case.play(arena))
        peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        os.write(writer, json.dumps([ok, happened[:2000], peak / 1024]).encode())
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _listen(reader: int, pid: int) -> tuple[bool, str, float] | None:
    """What the worker tells in time; None when it hangs, and is killed, or ends without a word."""
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        if not select.select([pipe], [], [], TIME_LIMIT)[0]:
            os.kill(pid, signal.SIGKILL)
        said = pipe.read(1 << 16)
    if not said:
        return None
    ok, happened, memory = json.loads(said)
    return ok, happened, memory
