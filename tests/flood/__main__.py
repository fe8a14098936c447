"""`python -m tests.flood --poisoned 1000 --good 100`: the flood and its table. Exit code 0 if nothing went wrong."""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.flood.run import READ_PER_ROW, Outcome, run_flood


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.flood")
    parser.add_argument("--poisoned", type=int, default=1000)
    parser.add_argument("--good", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=20.0, help="time in which all rows must end")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="audioprep-flood-") as folder:
        flood = run_flood(Path(folder), poisoned=arguments.poisoned, good=arguments.good, within=arguments.minutes * 60)
        outcome = asyncio.run(flood)
    print_outcome(outcome)
    too_many = outcome.read > READ_PER_ROW * (outcome.poisoned + outcome.good)
    return 1 if outcome.faults or too_many else 0


def print_outcome(outcome: Outcome) -> None:
    for name, value in outcome.lines():
        print(f"{name:<34} {value}")
    for fault, count in Counter(outcome.faults).items():
        print(f"FAULT {count} x {fault}")


if __name__ == "__main__":
    sys.exit(main())
