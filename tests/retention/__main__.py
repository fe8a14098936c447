"""`python -m tests.retention --rows 1000000`: the table of what it cost. Exit code 0 if every bound was kept."""

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path

import structlog

from tests.retention.run import run_retention


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.retention")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=30.0, help="for which claims are timed without retention")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory(prefix="audioprep-retention-") as folder:
        outcome = asyncio.run(run_retention(Path(folder), rows=arguments.rows, before=arguments.seconds))
    for name, value in outcome.lines():
        print(f"{name:<44} {value}")
    for fault in outcome.faults:
        print(f"FAULT {fault}")
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
