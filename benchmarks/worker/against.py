"""The same saves and the same pick-up through Celery on Redis and through DBOS on SQLite, side by side with ours."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import median, quantile, spread
from benchmarks.measurement import Measurement, Row
from benchmarks.worker.save_set import SLOTS, Command, SaveSet, open_save_set
from benchmarks.worker.saves import COUNT, SECONDS
from benchmarks.worker.short_jobs import open_short_jobs
from tests.support import processes
from tests.support.processes import ROOT, Program, free_port
from tests.support.waiting import eventually

_PYTHON = ROOT / ".venv-peers/bin/python"
_SAVES_WITHIN, _PICK_UP_WITHIN = 1.05, 0.2  # of the best; seconds


@dataclass(frozen=True, slots=True)
class Peer:
    """Another system, its worker running."""

    name: str
    driver: str
    env: Mapping[str, str]


@dataclass(slots=True)
class Taken:
    """What was measured of one system: seconds for all saves, by round, and seconds to pick up."""

    saves: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    rounds, looks = (1, 3) if quick else (3, 10)
    (folder / "pickup").mkdir()
    ours, taken = Taken(), {"Celery + Redis": Taken(), "DBOS + SQLite": Taken()}
    async with (
        open_save_set(folder, count=4 if quick else COUNT, seconds=SECONDS) as saves,
        _celery(folder) as one,
        _dbos(folder) as other,
    ):
        for _ in range(rounds):
            for peer in (one, other):
                await _drive(peer, saves.jobs(), looks, taken[peer.name])
            ours.saves.append(await saves.through_the_table())
    async with open_short_jobs(folder / "pickup") as jobs:
        await jobs.run(wake=True)
        for _ in range(rounds * looks):
            job_id, inserted = await jobs.run(wake=True)
            ours.waits.append(await jobs.first_start(job_id) - inserted)
    return _rows(saves, ours, taken)


def _rows(saves: SaveSet, ours: Taken, peers: Mapping[str, Taken]) -> list[Row]:
    best = min(median(each.saves) for each in peers.values())
    soonest = min(median(each.waits) for each in peers.values())
    others = ", ".join(f"{spread(each.saves, 1)} {name}" for name, each in peers.items())
    waits = ", ".join(
        f"{median(each.waits):.3f} / {quantile(each.waits, 0.95):.3f} {name}" for name, each in peers.items()
    )
    return [
        Row(
            f"{saves.count} saves, seconds in all",
            spread(ours.saves, 1),
            others,
            median(ours.saves) / best,
            f"at most {_SAVES_WITHIN:g} of the best",
            median(ours.saves) <= best * _SAVES_WITHIN,
        ),
        Row(
            "pick-up after wake, median / 95 %, seconds",
            f"{median(ours.waits):.3f} / {quantile(ours.waits, 0.95):.3f}",
            waits,
            None,
            f"median within {_PICK_UP_WITHIN:g} s of the best",
            median(ours.waits) <= soonest + _PICK_UP_WITHIN,
        ),
    ]


async def _drive(peer: Peer, jobs: list[list[Command]], looks: int, taken: Taken) -> None:
    order = json.dumps({"jobs": jobs, "looks": looks}).encode()
    process = await asyncio.create_subprocess_exec(
        *(str(_PYTHON), "-m", peer.driver),
        env={**os.environ, **peer.env},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    answer, _ = await asyncio.wait_for(process.communicate(order), 1800)
    assert process.returncode == 0, f"{peer.driver} failed with code {process.returncode}"
    told = json.loads(answer.splitlines()[-1])
    taken.saves.append(told["seconds"])
    taken.waits += told["waits"]


@asynccontextmanager
async def _celery(folder: Path) -> AsyncIterator[Peer]:
    """Redis with its log on disk, and a worker with as many processes as we have slots."""
    port = free_port()
    env = {"REDIS_URL": f"redis://127.0.0.1:{port}/0", "PYTHONPATH": str(ROOT)}
    store = ["--save", "", "--appendonly", "yes", "--dir", str(folder)]
    redis = Program(["redis-server", "--bind", "127.0.0.1", "--port", str(port), *store], folder / "redis.log")
    worker = ["worker", "--concurrency", str(SLOTS), "--loglevel", "INFO"]
    argv: list[str | Path] = [_PYTHON, "-m", "celery", "--app", "benchmarks.peers.celery_app", *worker]
    program = Program(argv, folder / "celery.log", env)
    with processes.running(redis), processes.running(program):
        await _until_said(program, " ready.")
        yield Peer("Celery + Redis", "benchmarks.peers.celery_driver", env)


@asynccontextmanager
async def _dbos(folder: Path) -> AsyncIterator[Peer]:
    env = {"DBOS_URL": f"sqlite:///{folder / 'dbos.db'}", "PYTHONPATH": str(ROOT)}
    program = Program([_PYTHON, "-m", "benchmarks.peers.dbos_app"], folder / "dbos.log", env)
    with processes.running(program):
        await _until_said(program, "peer is ready")
        yield Peer("DBOS + SQLite", "benchmarks.peers.dbos_driver", env)


async def _until_said(program: Program, words: str) -> None:
    async def check() -> bool:
        return words in program.said()

    await eventually(check, within=60, what=f"{words!r} in {program.log.name}")


MEASUREMENT = Measurement(
    "peers",
    "The same work through Celery and DBOS",
    f"The saves of the section above: for the peers as the same ffmpeg commands in a task of {SLOTS} worker"
    " processes (Celery, late acknowledgement, Redis with an append-only file) or a durable step each (DBOS on"
    " SQLite, a queue with its default interval). Pick-up: enqueue to the task running; ours is INSERT and POST"
    " /wake to the first activity running. Median of 3 rounds, one system after the other.",
    run,
)
