"""One run of chaos, from an empty folder to the account."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import aiohttp

from tests.chaos.account import Account, account_for
from tests.chaos.menu import Wish, choose
from tests.chaos.monkey import Monkey
from tests.chaos.system import System
from tests.support.waiting import eventually
from tests.support.webapp import FINAL, WebApp

T = TypeVar("T")


@dataclass(frozen=True)
class Plan:
    """How much of it. Seconds; `seed` makes the choices repeatable, not their timing."""

    jobs: int
    seconds: float
    seed: int
    pause: tuple[float, float] = (0.3, 2.0)
    settle_within: float = 120.0


@dataclass(frozen=True)
class Outcome:
    account: Account
    hits: dict[str, int]
    recoveries: list[float]
    settled_after: float


async def run_chaos(folder: Path, plan: Plan) -> Outcome:
    """Jobs and cancels at random while the monkey plays; then quiet, and the account."""
    chance = random.Random(plan.seed)
    with System(folder).running() as system:
        await system.deployment.migrate()
        app = system.deployment.app
        await app.record_changes()
        system.upload_sources()
        system.start_roles()
        monkey = Monkey(system, random.Random(plan.seed + 1), plan.pause, lambda: _changes(app))
        users = asyncio.create_task(_use(app, plan, chance))
        await monkey.play(plan.seconds)
        for name in system.programs:
            system.revive(name)
        expected = await users
        begun = time.monotonic()
        await eventually(lambda: _all_settled(app), within=plan.settle_within, what="every job's end")
        settled_after = time.monotonic() - begun
        system.stop_roles()
        account = await account_for(system, expected)
    return Outcome(account, monkey.hits, monkey.recoveries, settled_after)


async def _use(app: WebApp, plan: Plan, chance: random.Random) -> dict[str, str]:
    """Submit the jobs over the time of the plan, cancelling some; how each ends if it is not cancelled."""
    expected: dict[str, str] = {}
    for number in range(plan.jobs):
        job_id = f"job-{number}"
        wish = choose(chance)
        await _insist(lambda job_id=job_id, wish=wish: _submit_once(app, job_id, wish))
        expected[job_id] = wish.end
        if chance.random() < 0.25:
            victim = chance.choice(list(expected)[-4:])
            await _insist(lambda victim=victim: _cancel_if_open(app, victim))
        await asyncio.sleep(chance.uniform(0, 2) * plan.seconds / plan.jobs * 0.8)
    return expected


async def _submit_once(app: WebApp, job_id: str, wish: Wish) -> None:
    if not await app.sql("SELECT 1 FROM audio_prep_jobs WHERE jobId = ?", job_id):
        await app.submit(wish.type, wish.metadata, job_id=job_id)


async def _cancel_if_open(app: WebApp, job_id: str) -> None:
    await app.sql(
        "UPDATE audio_prep_jobs SET status = 'cancelled', updatedAt = strftime('%Y-%m-%dT%H:%M:%fZ')"
        " WHERE jobId = ? AND status IN ('pending', 'processing')",
        job_id,
    )


async def _insist(call: Callable[[], Awaitable[T]], within: float = 60.0) -> T:
    """The app's own patience with a database that is being killed."""
    deadline = time.monotonic() + within
    while True:
        try:
            return await asyncio.wait_for(call(), 5)
        except (aiohttp.ClientError, TimeoutError, AssertionError, KeyError):
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.1)


async def _changes(app: WebApp) -> int:
    return int((await _insist(lambda: app.sql("SELECT COUNT(*) AS n FROM changes")))[0]["n"])


async def _all_settled(app: WebApp) -> bool:
    rows = await _insist(lambda: app.sql("SELECT status, stage FROM audio_prep_jobs"))
    return all(
        row["status"] in FINAL and not (row["status"] == "cancelled" and row["stage"] is not None) for row in rows
    )
