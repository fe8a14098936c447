"""Runner of background services: loop, jitter, back-off, graceful shutdown."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import structlog

from audioprep.service.health import ServiceHealth

log = structlog.get_logger()

_FIRST_BACKOFF = 0.5  # seconds
_LAST_BACKOFF = 15.0  # seconds
JITTER = 0.2  # of an interval, at most, that a run may come early


class Service(Protocol):
    """A background duty: `run_once` does it, `interval` says in how many seconds it is due again."""

    @property
    def name(self) -> str: ...

    def interval(self) -> float: ...

    async def run_once(self) -> None: ...


class Seldom:
    """A service that something wakes: once at the start, then when it is woken, and else every `seldom` seconds.

    Intervals that are shorter than `often` stay.
    """

    def __init__(self, service: Service, often: float, seldom: float) -> None:
        self._service = service
        self._often = often
        self._interval = seldom
        self.name = service.name

    def interval(self) -> float:
        interval = self._service.interval()
        return interval if interval < self._often else max(interval, self._interval)

    async def run_once(self) -> None:
        await self._service.run_once()


class Runner:
    """One service in its loop. Errors of the kinds in `transient` are logged without a trace.

    `nudge` makes the next run come at once; `stop` lets the current run finish.
    """

    def __init__(
        self,
        service: Service,
        health: ServiceHealth,
        transient: tuple[type[Exception], ...] = (),
        last_backoff: float = _LAST_BACKOFF,
    ) -> None:
        self._service = service
        self._transient = transient
        self._health = health
        self._nudged = asyncio.Event()
        self._stopping = False
        self._last_backoff = last_backoff
        self._failures = 0

    def wake(self) -> None:
        self._nudged.set()

    def stop(self) -> None:
        self._stopping = True
        self._nudged.set()

    async def run(self) -> None:
        while not self._stopping:
            self._nudged.clear()
            await self._run_once()
            await self._wait(self._pause())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """In the background while the block lasts; the run under way is finished."""
        task = asyncio.create_task(self.run(), name=self._service.name)
        try:
            yield
        finally:
            self.stop()
            await task

    async def _run_once(self) -> None:
        try:
            await self._service.run_once()
        except self._transient as error:
            self._failed(str(error))
            log.warning("service_backs_off", service=self._service.name, failures=self._failures, error=str(error))
        except Exception as error:  # a fault of ours must not end the loop: the next pass starts from the truth again
            self._failed(type(error).__name__)
            log.exception("service_failed", service=self._service.name, failures=self._failures)
        else:
            self._failures = 0
            self._health.succeeded()

    def _failed(self, reason: str) -> None:
        self._failures += 1
        self._health.failed(reason)

    def _pause(self) -> float:
        backoff = min(_FIRST_BACKOFF * 2 ** min(self._failures - 1, 30), self._last_backoff)
        return jittered(backoff if self._failures else self._service.interval())

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._nudged.wait()
        except TimeoutError:
            return


def jittered(seconds: float) -> float:
    """A wait of `seconds` at most, so that an interval that is set is the longest one; two bridges fall out of step."""
    return seconds * random.uniform(1 - JITTER, 1)  # noqa: S311 - jitter, not a secret
