"""`python -m tests.fuzz --seconds 60 [NAME ...]`: all targets, each for its share of the time."""

import argparse
import sys

from tests.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    targets = [target for target in TARGETS if not arguments.names or target.name in arguments.names]
    for target in targets:
        tried = target.run(arguments.seconds / len(targets))
        print(f"{target.name:<20} {tried:>8,} inputs, no fault", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
