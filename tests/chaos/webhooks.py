"""The apps' receiver of webhooks under chaos: it refuses, asks for time, wants no more, and is away for a while."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from tests.support.receiver import WebhookReceiver, open_receiver
from tests.support.webapp import WebApp

_ANSWERS: Final = (204, 204, 204, 204, 204, 204, 500, 500, 429, 410)
_AWAY, _THERE = (0.5, 3.0), (2.0, 8.0)  # seconds, at random in these ranges

# Ends that have a webhook: not the cancel of a row that no bridge had claimed.
_ENDS: Final = """
SELECT jobId, status, result FROM audio_prep_jobs WHERE jobId IN (SELECT DISTINCT jobId FROM changes)
AND (status <> 'cancelled' OR jobId IN (SELECT jobId FROM changes WHERE status = 'processing'))
"""


class HookSite:
    """One receiver for all tables. Unreliable while `trouble` runs."""

    def __init__(self, receiver: WebhookReceiver, seed: int) -> None:
        self.receiver = receiver
        self._chance = random.Random(f"{seed} webhooks")

    async def trouble(self) -> None:
        """Refuse some, be away for some time; until cancelled."""
        self.receiver.choose = lambda: self._chance.choice(_ANSWERS)
        try:
            while True:
                await asyncio.sleep(self._chance.uniform(*_THERE))
                self.receiver.down = True
                await asyncio.sleep(self._chance.uniform(*_AWAY))
                self.receiver.down = False
        finally:
            self.receiver.down, self.receiver.choose = False, None

    async def missing(self, app: WebApp) -> list[str]:
        """Jobs whose end has not arrived, but for those that the receiver wanted no more."""
        arrived = await self._arrived(app)
        ended = [str(row["jobId"]) for row in await app.sql(_ENDS)]
        gone = {
            event["data"]["jobId"] for event in self.receiver.gone if event["data"]["tableId"] == await app.table_id()
        }
        return [job_id for job_id in ended if job_id not in arrived and job_id not in gone]

    async def wrong(self, app: WebApp) -> list[str]:
        """Events that are not as their row is."""
        ends = {str(row["jobId"]): str(row["status"]) for row in await app.sql(_ENDS)}
        arrived = await self._arrived(app)
        return [
            f"{job_id}: {event['type']}, the row is {ends.get(job_id)}"
            for job_id, events in arrived.items()
            for event in events
            if event["type"] != f"job.{ends.get(job_id)}"
        ]

    def ambiguous(self) -> list[str]:
        """Ids under which ends of several jobs came, and requests that were not signed with our secret."""
        shared = [
            webhook_id
            for webhook_id, events in self.receiver.accepted.items()
            if len({(event["data"]["tableId"], event["data"]["jobId"]) for event in events}) > 1
        ]
        return [f"id {webhook_id} of several jobs" for webhook_id in shared] + ["not signed"] * self.receiver.forged

    def lines(self) -> list[tuple[str, str]]:
        """Numbers for the account."""
        answers = ", ".join(f"{count} x {status}" for status, count in sorted(self.receiver.statuses.items()))
        arrived = sum(map(len, self.receiver.accepted.values()))
        return [
            ("webhooks accepted", f"{arrived}, of {len(self.receiver.accepted)} ends"),
            ("webhooks answered", answers),
            ("webhooks hung up on", str(self.receiver.hung_up)),
        ]

    async def _arrived(self, app: WebApp) -> dict[str, list[dict[str, Any]]]:
        table_id = await app.table_id()
        arrived: dict[str, list[dict[str, Any]]] = {}
        for event in self.receiver.events():
            if event["data"]["tableId"] == table_id:
                arrived.setdefault(event["data"]["jobId"], []).append(event)
        return arrived


@asynccontextmanager
async def open_hook_site(seed: int) -> AsyncIterator[HookSite]:
    async with open_receiver() as receiver:
        yield HookSite(receiver, seed)
