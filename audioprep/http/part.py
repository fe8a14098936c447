"""What one part of a process tells the outside about itself."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from audioprep.service.health import Health


@dataclass(frozen=True, slots=True)
class Part:
    """How it fares, its numbers in Prometheus' text format, and how it is woken. A part may lack the last two."""

    health: Health
    metrics: Callable[[], Awaitable[bytes]] | None = None
    wake: Callable[[], None] | None = None
