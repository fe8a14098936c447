"""Faults at random: one program at a time is killed, frozen or asked to stop, and comes back."""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.chaos.system import System

FAULTS = {"kill -9": signal.SIGKILL, "SIGSTOP": signal.SIGSTOP, "SIGTERM": signal.SIGTERM}


@dataclass
class Monkey:
    """Hits programs until the deadline. `recoveries` holds seconds from each fault to the next change of any row."""

    system: System
    random: random.Random
    pause: tuple[float, float]
    changes: Callable[[], Awaitable[int]]
    hits: dict[str, int] = field(default_factory=dict)
    recoveries: list[float] = field(default_factory=list)

    async def play(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            await self._hit(self.random.choice(list(self.system.programs)), self.random.choice(list(FAULTS)), deadline)

    async def _hit(self, name: str, fault: str, deadline: float) -> None:
        program = self.system.programs[name]
        begun = time.monotonic()
        before = await self.changes()
        if program.running.poll() is None:
            program.signal(FAULTS[fault])
        self.hits[f"{fault} {name.split()[0]}"] = self.hits.get(f"{fault} {name.split()[0]}", 0) + 1
        await self._wait()
        self.system.revive(name)
        await self._until_changed(before, begun, deadline)
        await self._wait()
        self.system.revive(name)  # a SIGTERM may have taken its time

    async def _until_changed(self, before: int, begun: float, deadline: float) -> None:
        while time.monotonic() < deadline:
            if await self.changes() != before:
                self.recoveries.append(time.monotonic() - begun)
                return
            await self._wait(0.05, 0.1)

    async def _wait(self, low: float | None = None, high: float | None = None) -> None:
        seconds = self.random.uniform(low or self.pause[0], high or self.pause[1])
        await asyncio.sleep(seconds)
