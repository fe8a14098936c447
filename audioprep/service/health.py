"""Health of background services: liveness and readiness, and the reasons."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

_TOLERATED = 10.0  # seconds of failing before it counts: a busy database or a restart is no news
_SILENCE = 120.0  # seconds without a finished run, after which a service counts as stuck


@dataclass(slots=True)
class ServiceHealth:
    """How one service fares. Times are monotonic seconds."""

    name: str
    last_run: float
    silence: float = _SILENCE
    last_success: float | None = None
    failing_since: float | None = None
    reason: str | None = "has not run yet"

    def succeeded(self) -> None:
        self.last_run = self.last_success = time.monotonic()
        self.failing_since = self.reason = None

    def failed(self, reason: str) -> None:
        self.last_run = time.monotonic()
        self.failing_since = self.failing_since or self.last_run
        self.reason = reason

    def problem(self) -> str | None:
        """What is wrong with it, None when nothing is."""
        now = time.monotonic()
        if self.failing_since is not None and now - self.failing_since > _TOLERATED:
            return f"{self.name} has been failing for {now - self.failing_since:.0f} s: {self.reason}"
        if now - self.last_run > self.silence:
            return f"{self.name} has not finished a run for {now - self.last_run:.0f} s"
        return None


class Health:
    """The health of several services."""

    def __init__(self) -> None:
        self._services: list[ServiceHealth] = []
        self._conditions: dict[str, Callable[[], str | None]] = {}

    def watch(self, name: str, silence: float = _SILENCE) -> ServiceHealth:
        """A service that finishes a run at least every `silence` seconds."""
        service = ServiceHealth(name, last_run=time.monotonic(), silence=silence)
        self._services.append(service)
        return service

    def watch_once(self, name: str) -> ServiceHealth:
        """For what has to succeed one time: from then on silence is no complaint."""
        return self.watch(name, silence=math.inf)

    def add(self, name: str, condition: Callable[[], str | None]) -> None:
        """Something that is wrong while `condition` returns a sentence."""
        self._conditions[name] = condition

    def problems(self) -> dict[str, str]:
        """What is wrong, by the name of the service or condition."""
        asked = {service.name: service.problem for service in self._services} | self._conditions
        return {name: problem for name, ask in asked.items() if (problem := ask())}

    def since_success(self) -> dict[str, float]:
        """Seconds since the last run of each service that succeeded; without those that never did."""
        now = time.monotonic()
        return {each.name: now - each.last_success for each in self._services if each.last_success is not None}

    def unready(self) -> dict[str, str]:
        """Services that have not run yet, or whose last run failed, tolerated or not; with the reason."""
        failed = [service for service in self._services if service.reason is not None]
        return {service.name: f"{service.name}: {service.reason}" for service in failed}
