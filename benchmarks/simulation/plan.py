"""What is simulated, and the capacity of what it runs on. Every number of the model is here."""

from dataclasses import dataclass
from typing import Final

DAY: Final = 86_400.0  # seconds

# CPU of a bridge, milliseconds, as in RESULTS.md (`databases`, `throughput`), rounded up.
POLL_MS: Final = 2.0
LOOK_MS: Final = 1.0  # a describe, a decision, and a write where there is one
JOB_MS: Final = 4.0  # claim, start, follow, end

TURSO_SECONDS: Final = 0.03  # of a request, in the same region
TEMPORAL_SECONDS: Final = 0.04  # of a call, from the same region
FIXED_ACTIONS: Final = 5.0  # of a job: start, timer, activities; its heartbeats come on top


@dataclass(frozen=True, slots=True)
class Plan:
    """A day's load on tenants with a database each. Jobs come at random; `seconds` count, after the warm-up."""

    tenants: int = 10_000
    jobs_per_day: float = 1_000_000
    seconds: float = 30.0
    warm_up: float = 30.0
    job_seconds: float = 12.0
    worker_slots: int = 400
    bridges: int = 1
    max_in_flight: int = 400  # of each bridge
    busy_interval: float = 0.5
    idle_max: float = 60.0
    wakes: bool = True
    heartbeat: float = 5.0
    temporal_actions: float = 500.0  # a second, of a namespace
    seed: int = 1

    @property
    def rate(self) -> float:
        """Jobs a second."""
        return self.jobs_per_day / DAY
