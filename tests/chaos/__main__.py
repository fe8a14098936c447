"""`python -m tests.chaos --jobs 200 --minutes 10`: long chaos and its table. Exit code 0 if nothing went wrong."""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.run import Outcome, Plan, run_chaos


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--tables", type=int, default=1)
    parser.add_argument("--foreign", type=int, default=0, help="rows of other programs' types in each table")
    parser.add_argument("--bridges", type=int, default=0, help="that serve all tables together; 0: two for each table")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    plan = Plan(
        arguments.jobs,
        arguments.minutes * 60,
        arguments.seed,
        tables=arguments.tables,
        foreign=arguments.foreign,
        bridges=arguments.bridges,
        settle_within=300,
    )
    with tempfile.TemporaryDirectory(prefix="audioprep-chaos-") as folder:
        outcome = asyncio.run(run_chaos(Path(folder), plan))
    print_outcome(outcome, plan)
    return 1 if outcome.account.faults else 0


def print_outcome(outcome: Outcome, plan: Plan) -> None:
    lines = [("seed", str(plan.seed)), *outcome.account.lines()]
    if outcome.recoveries:
        worst, median = max(outcome.recoveries), statistics.median(outcome.recoveries)
        lines.append(("fault to next row change", f"median {median:.1f} s, longest {worst:.1f} s"))
    lines.append(("all settled after the last fault", f"{outcome.settled_after:.1f} s"))
    lines += outcome.webhooks
    lines += [(f"hits: {hit}", str(count)) for hit, count in sorted(outcome.hits.items())]
    for name, value in lines:
        print(f"{name:<34} {value}")
    for fault in outcome.account.faults:
        print(f"FAULT {fault}")


if __name__ == "__main__":
    sys.exit(main())
