"""One run of chaos, from an empty folder to the account."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import aiohttp

from tests.chaos.account import Account, Asked, account_for
from tests.chaos.menu import Wish, choose
from tests.chaos.monkey import Monkey
from tests.chaos.system import System, Table
from tests.chaos.webhooks import HookSite, open_hook_site
from tests.support.foreign import insert_foreign, remember_foreign
from tests.support.waiting import eventually
from tests.support.webapp import FINAL, WebApp

T = TypeVar("T")


@dataclass(frozen=True)
class Plan:
    """How much of it. `jobs` are those of all tables; each table holds `foreign` rows of other programs as well.

    Seconds; `seed` makes the choices repeatable, not their timing.
    """

    jobs: int
    seconds: float
    seed: int
    tables: int = 1
    foreign: int = 0
    bridges: int = 0  # that serve all tables together; 0: two for each table
    pause: tuple[float, float] = (0.3, 2.0)
    settle_within: float = 120.0


@dataclass(frozen=True)
class Outcome:
    account: Account
    hits: dict[str, int]
    recoveries: list[float]
    settled_after: float
    webhooks: list[tuple[str, str]]


async def run_chaos(folder: Path, plan: Plan) -> Outcome:
    """Jobs and cancels at random while the monkey plays; then quiet, and the account."""
    async with open_hook_site(plan.seed) as hooks:
        with System(folder, plan.tables, hooks.receiver.env, plan.bridges).running() as system:
            return await _play(system, hooks, plan)


async def _play(system: System, hooks: HookSite, plan: Plan) -> Outcome:
    apps = {table.name: table.deployment.app for table in system.tables}
    for table in system.tables:
        await _prepare(table, plan)
    system.upload_sources()
    system.start_roles()
    monkey = Monkey(system, random.Random(plan.seed), plan.pause, lambda: _changes(apps.values()))
    users = [
        asyncio.create_task(_use(name, app, plan, random.Random(f"{plan.seed} {name}"))) for name, app in apps.items()
    ]
    trouble = asyncio.create_task(hooks.trouble())
    await monkey.play(plan.seconds)
    trouble.cancel()
    for name in system.programs:
        system.revive(name)
    asked = dict(zip(apps, await asyncio.gather(*users), strict=True))
    begun = time.monotonic()
    await eventually(lambda: _all_settled(apps.values()), within=plan.settle_within, what="every job's end")
    settled_after = time.monotonic() - begun
    await eventually(lambda: _all_delivered(hooks, apps.values()), within=plan.settle_within, what="every webhook")
    system.stop_roles()
    account = await account_for(system, asked, hooks, foreign=plan.foreign > 0)
    return Outcome(account, monkey.hits, monkey.recoveries, settled_after, hooks.lines())


async def _prepare(table: Table, plan: Plan) -> None:
    """The table, what other programs left in it, and a record of all changes from now on."""
    await table.deployment.migrate()
    app = table.deployment.app
    if plan.foreign:
        hundredth = plan.foreign // 100
        await insert_foreign(app, pending=plan.foreign, processing=hundredth, cancelled=hundredth)
        await remember_foreign(app)
    await app.record_changes()


async def _use(table: str, app: WebApp, plan: Plan, chance: random.Random) -> dict[str, Asked]:
    """Submit the jobs of one table over the time of the plan, cancelling some. Tables have every other id in common."""
    asked: dict[str, Asked] = {}
    jobs = plan.jobs // plan.tables
    for number in range(jobs):
        job_id = f"job-{number}" if number % 2 else f"{table}-job-{number}"
        wish = choose(chance)
        await _insist(lambda job_id=job_id, wish=wish: _submit_once(app, job_id, wish))
        asked[job_id] = Asked(wish.end, wish.asset_id)
        if chance.random() < 0.25:
            victim = chance.choice(list(asked)[-4:])
            asked[victim].cancelled = True
            await _insist(lambda victim=victim: app.cancel_if_open(victim))
        await asyncio.sleep(chance.uniform(0, 2) * plan.seconds / jobs * 0.8)
    return asked


async def _submit_once(app: WebApp, job_id: str, wish: Wish) -> None:
    if not await app.sql("SELECT 1 FROM audio_prep_jobs WHERE jobId = ?", job_id):
        await app.submit(wish.type, wish.metadata, job_id=job_id)


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


async def _changes(apps: Iterable[WebApp]) -> int:
    found = [await _insist(lambda app=app: app.sql("SELECT COUNT(*) AS n FROM changes")) for app in apps]
    return sum(int(rows[0]["n"]) for rows in found)


async def _all_settled(apps: Iterable[WebApp]) -> bool:
    return all([await _is_settled(app) for app in apps])


async def _all_delivered(hooks: HookSite, apps: Iterable[WebApp]) -> bool:
    return not any([await _insist(lambda app=app: hooks.missing(app)) for app in apps])


async def _is_settled(app: WebApp) -> bool:
    """Whether every job that the app asked for has its end, and every cancel is acknowledged."""
    rows = await _insist(
        lambda: app.sql("SELECT status, stage FROM audio_prep_jobs WHERE jobId IN (SELECT DISTINCT jobId FROM changes)")
    )
    return all(
        row["status"] in FINAL and not (row["status"] == "cancelled" and row["stage"] is not None) for row in rows
    )
