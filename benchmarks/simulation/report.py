"""Use and capacity of each part, and the load at which each would be full."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.figures import quantile
from benchmarks.simulation.engine import Tally, World
from benchmarks.simulation.plan import DAY, FIXED_ACTIONS, Plan


@dataclass(frozen=True, slots=True)
class Load:
    """One part: how much of it is used, of how much; `base` is used without any job."""

    name: str
    used: float
    limit: float
    base: float
    unit: str

    @property
    def is_full(self) -> bool:
        return self.used >= self.limit

    def full_at(self, jobs_per_day: float) -> float:
        """Jobs a day at which it is full, all else as it is; no more than these if it is full already."""
        if self.is_full:
            return jobs_per_day
        for_jobs = self.used - self.base
        return jobs_per_day * (self.limit - self.base) / for_jobs if for_jobs > 0 else float("inf")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One plan, simulated."""

    plan: Plan
    tally: Tally
    loads: Sequence[Load]

    @property
    def first_full(self) -> Load:
        return min(self.loads, key=lambda load: load.full_at(self.plan.jobs_per_day))

    def wait(self, share: float) -> float:
        return quantile(self.tally.waits, share) if self.tally.waits else 0.0


def simulate(plan: Plan) -> Outcome:
    tally = World(plan).run()
    polls, cpu = _idle(plan)
    return Outcome(plan, tally, _loads(plan, tally, polls, cpu))


def _idle(plan: Plan) -> tuple[float, float]:
    """Polls a second, and the share of a bridge's CPU, of tenants that ask for nothing."""
    from benchmarks.simulation.plan import POLL_MS

    polls = plan.tenants / plan.idle_max
    return polls, polls * POLL_MS / 1000 / plan.bridges


def _loads(plan: Plan, tally: Tally, idle_polls: float, idle_cpu: float) -> list[Load]:
    seconds = plan.seconds
    actions = plan.rate * (FIXED_ACTIONS + plan.job_seconds / plan.heartbeat)
    busy = plan.rate * plan.job_seconds
    return [
        Load("CPU of the busiest bridge", max(tally.cpu) / seconds, 1.0, idle_cpu, "cores"),
        Load("in-flight limit of the bridges", busy, plan.bridges * plan.max_in_flight, 0, "jobs"),
        Load("slots of the workers", busy, plan.worker_slots, 0, "steps"),
        Load("Actions of Temporal", actions, plan.temporal_actions, 0, "/s"),
        Load("requests to Turso", tally.turso / seconds, float("inf"), idle_polls, "/s"),
        Load("calls to Temporal by bridges", tally.temporal / seconds, float("inf"), 0, "/s"),
    ]


def lines(outcome: Outcome) -> list[tuple[str, str]]:
    plan, tally = outcome.plan, outcome.tally
    rows = [
        ("jobs asked for, ended, a second", f"{tally.asked / plan.seconds:.1f}, {tally.ended / plan.seconds:.1f}"),
        ("in flight at most", str(tally.most_in_flight)),
        ("INSERT to claim, 50 / 95 / 99 %", " / ".join(f"{outcome.wait(q):.2f} s" for q in (0.5, 0.95, 0.99))),
        ("polls a second", f"{tally.polls / plan.seconds:.0f}, of them {plan.tenants / plan.idle_max:.0f} while idle"),
    ]
    for load in outcome.loads:
        limit = (
            ""
            if load.limit == float("inf")
            else f" of {load.limit:g}, full at {_jobs(load.full_at(plan.jobs_per_day))}"
        )
        rows.append((load.name, f"{load.used:.2f} {load.unit}{limit}"))
    first = outcome.first_full
    at = "which is full" if first.is_full else f"at {_jobs(first.full_at(plan.jobs_per_day))}"
    rows.append(("gives first", f"{first.name}, {at}"))
    return rows


def _jobs(a_day: float) -> str:
    return "no load" if a_day == float("inf") else f"{a_day:,.0f} jobs a day ({a_day / DAY:.1f} a second)"
