"""`python -m tests.restart --jobs 2000`: the restart and its table. Exit code 0 if every bound was kept."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.restart.run import Outcome, run_restart


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.restart")
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=75.0, help="for which the new bridge is watched")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="audioprep-restart-") as folder:
        outcome = asyncio.run(run_restart(Path(folder), jobs=arguments.jobs, watched=arguments.seconds))
    print_outcome(outcome)
    return 1 if outcome.faults else 0


def print_outcome(outcome: Outcome) -> None:
    for name, value in outcome.lines():
        print(f"{name:<36} {value}")
    for fault in outcome.faults:
        print(f"FAULT {fault}")


if __name__ == "__main__":
    sys.exit(main())
