"""`python -m benchmarks.simulation --tenants 10000 --jobs-per-day 1000000`: what gives first, and what moves it."""

import argparse
import time
from dataclasses import fields, replace
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.simulation.plan import Plan
from benchmarks.simulation.report import Outcome, lines, simulate

_CONSOLE = Console(width=150, highlight=False)
# What an operator or the app can change, one at a time.
_CHANGES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("as it is", {}),
    ("the app does not wake", {"wakes": False}),
    ("AUDIOPREP_IDLE_MAX=300", {"idle_max": 300.0}),
    ("AUDIOPREP_BUSY_INTERVAL=2", {"busy_interval": 2.0}),
    ("AUDIOPREP_SHARD=1/4 ... 4/4", {"bridges": 4}),
    ("a heartbeat a second", {"heartbeat": 1.0}),
    ("twice the workers and the limit", {"worker_slots": 800, "max_in_flight": 800}),
    ("twice the jobs", {"jobs_per_day": 2.0}),
)


def main() -> None:
    plan = _plan()
    _CONSOLE.print(f"{plan.tenants:,} tenants, {plan.jobs_per_day:,.0f} jobs a day, {plan.seconds:g} s of it counted")
    outcomes = []
    for name, change in _CHANGES:
        changed = {**change, **({"jobs_per_day": 2 * plan.jobs_per_day} if "jobs_per_day" in change else {})}
        began = time.monotonic()
        outcomes.append((name, simulate(replace(plan, **changed)), time.monotonic() - began))
        if not change:
            for what, value in lines(outcomes[0][1]):
                _CONSOLE.print(f"{what:<36} {value}", markup=False)
    _CONSOLE.print(_table(outcomes))


def _table(outcomes: list[tuple[str, Outcome, float]]) -> Table:
    table = Table(title="one change at a time", title_justify="left")
    for column in (
        "change",
        "INSERT to claim, 95 %",
        "polls/s",
        "CPU of a bridge",
        "Actions/s",
        "gives first",
        "at jobs a day",
    ):
        table.add_column(column)
    for name, outcome, _ in outcomes:
        first, loads = outcome.first_full, {load.name: load.used for load in outcome.loads}
        table.add_row(
            name,
            f"{outcome.wait(0.95):.2f} s",
            f"{outcome.tally.polls / outcome.plan.seconds:.0f}",
            f"{100 * loads['CPU of the busiest bridge']:.0f} %",
            f"{loads['Actions of Temporal']:.0f}",
            first.name,
            "less than these" if first.is_full else f"{first.full_at(outcome.plan.jobs_per_day):,.0f}",
        )
    return table


def _plan() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=__doc__)
    for each in fields(Plan):
        if each.name != "wakes":
            kind = type(each.default)
            parser.add_argument(f"--{each.name.replace('_', '-')}", type=kind, default=each.default)
    return Plan(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
