"""Supervisor of one Temporal worker: restarts it with back-off after a refusal, and bounds its shutdown."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import structlog
from temporalio.client import Client

from audioprep.plugin import AudioPrepPlugin
from audioprep.service.health import ServiceHealth
from audioprep.settings import Settings
from audioprep.temporal.connection import NamespaceRefused, check_namespace, explained, status_in
from audioprep.worker.worker import build_worker
from audioprep.workflows.steps import HEARTBEAT_TIMEOUT

log = structlog.get_logger()

STOP_TIMEOUT: Final = 7.0  # seconds on top of the drain grace: a child has five between SIGTERM and SIGKILL
_ABANDON_TIMEOUT: Final = 1.5  # seconds for removing the scratch folder without Temporal's answer
_FIRST_PAUSE: Final = 2.0  # seconds before a refused worker starts again
_LAST_PAUSE: Final = 30.0  # seconds
_PROBATION: Final = 5.0  # seconds without a refusal, after which a restarted worker counts as working
_HOLD_INTERVAL: Final = 0.5  # seconds
_WATCH_INTERVAL: Final = 5.0  # seconds


class WorkerSupervisor:
    """Runs workers one after the other. `connect` returns the client of the next one.

    It has to be a new connection: the SDK's core still knows a worker that was refused on the old one.
    """

    def __init__(self, connect: Callable[[], Awaitable[Client]], settings: Settings, health: ServiceHealth) -> None:
        self._connect = connect
        self._settings = settings
        self._health = health
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Serve until cancelled. The SDK's worker ends for good once polls are refused: then a new one is made.

        Raises what ended a worker for any other reason.
        """
        pause, probation = _FIRST_PAUSE, 0.0
        while True:
            client = await self._connect()
            started = time.monotonic()
            error = await self._serve(client, probation)
            if status_in(_innermost(error)) is None:
                raise error
            if time.monotonic() - started > _LAST_PAUSE:
                pause = _FIRST_PAUSE
            self._refused(explained(_innermost(error)), retry_in=pause)
            await asyncio.sleep(pause)
            pause, probation = min(2 * pause, _LAST_PAUSE), _PROBATION

    async def _serve(self, client: Client, probation: float) -> BaseException:
        """Run one worker until it ends by itself; the error that ended it."""
        self._stopping.clear()
        fatal: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        worker = build_worker(client, self._settings, on_fatal_error=lambda error: self._hold(client, error, fatal))
        self._log_start(_plugin_of(client).heartbeat_interval)
        running = asyncio.create_task(worker.run(), name="worker")
        try:
            ends: set[asyncio.Future[Any]] = {running, fatal}
            if not (await asyncio.wait(ends, timeout=probation, return_when=asyncio.FIRST_COMPLETED))[0]:
                self._health.succeeded()
            await self._watch(client, ends)
        finally:
            await self._stop(running)
            log.info("worker_stopped")
        if fatal.done():
            return fatal.result()
        return running.exception() or RuntimeError("The worker ended without an error.")

    async def _watch(self, client: Client, ends: "set[asyncio.Future[Any]]") -> None:
        """Ask for the namespace until one of `ends`: the SDK repeats refused polls for a minute without a word.

        A server that is away is left to the SDK, which waits for it as long as it takes.
        """
        refused = False
        while not (await asyncio.wait(ends, timeout=_WATCH_INTERVAL, return_when=asyncio.FIRST_COMPLETED))[0]:
            try:
                await check_namespace(client)
            except NamespaceRefused as error:
                if not refused:
                    self._refused(str(error), retry_in=_WATCH_INTERVAL)
                refused = True
            except RuntimeError:
                continue
            else:
                if refused:
                    self._health.succeeded()
                    log.info("worker_accepted")
                refused = False

    def _refused(self, sentence: str, *, retry_in: float) -> None:
        self._health.failed(sentence)
        log.error("worker_refused", error=sentence, retry_in=retry_in)

    async def _hold(self, client: Client, error: BaseException, fatal: "asyncio.Future[BaseException]") -> None:
        """Let running steps heartbeat for as long as the server waits for them: a short refusal costs no attempt.

        The SDK calls it before it shuts a refused worker down. The steps are given back then, if Temporal answers.
        """
        deadline = time.monotonic() + HEARTBEAT_TIMEOUT.total_seconds()
        steps = _plugin_of(client).steps
        try:
            while steps.running and time.monotonic() < deadline and not self._stopping.is_set():
                try:
                    await check_namespace(client)
                except RuntimeError as refusal:
                    self._health.failed(explained(str(refusal)))
                else:
                    break
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), _HOLD_INTERVAL)
            await steps.hand_over(STOP_TIMEOUT)
        finally:
            if not fatal.done():  # each of the two workers of a role may be refused
                fatal.set_result(error)

    async def _stop(self, running: "asyncio.Task[None]") -> None:
        """Drain the worker; abandon the drain when Temporal does not answer in time. Children die with the process."""
        self._stopping.set()
        timeout = self._settings.worker.drain_grace + STOP_TIMEOUT
        running.cancel()
        await asyncio.wait({running}, timeout=timeout)
        if not running.done():
            log.warning("worker_abandoned", waited=timeout, error="Temporal does not answer")
            running.cancel()
            await asyncio.wait({running}, timeout=_ABANDON_TIMEOUT)

    def _log_start(self, heartbeat_interval: float) -> None:
        log.info(
            "worker_started",
            task_queue=self._settings.temporal.task_queue,
            slots=self._settings.worker.activity_slots,
            download_slots=self._settings.worker.download_slots,
            heartbeat_interval=heartbeat_interval,
        )


def _plugin_of(client: Client) -> AudioPrepPlugin:
    return next(it for it in client.config(active_config=True)["plugins"] if isinstance(it, AudioPrepPlugin))


def _innermost(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error)
