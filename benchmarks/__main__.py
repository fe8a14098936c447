"""Measure, print the tables, and write them to RESULTS.md: `python -m benchmarks [--only NAME]...`."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import machine, results
from benchmarks.measurement import Measurement, Row
from benchmarks.registry import MEASUREMENTS

_CONSOLE = Console(width=160, highlight=False)


def main() -> None:
    """Exits 1 when a goal was missed or a measurement broke off."""
    arguments = _parser().parse_args()
    wanted = [m for m in MEASUREMENTS if not arguments.only or m.name in arguments.only]
    if arguments.list:
        for measurement in wanted:
            _CONSOLE.print(f"{measurement.name:<12} {measurement.title}")
        return
    sys.exit(not asyncio.run(_measure_all(wanted, quick=arguments.quick)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [measurement.name for measurement in MEASUREMENTS]
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help="measure this; may be repeated")
    parser.add_argument("--quick", action="store_true", help="a trial: everything small, and nothing is written")
    parser.add_argument("--list", action="store_true", help="tell the names")
    return parser


async def _measure_all(wanted: Sequence[Measurement], *, quick: bool) -> bool:
    """Whether every goal was reached. What breaks off keeps its old section, and does not keep others from running."""
    good = True
    for measurement in wanted:
        began = time.monotonic()
        try:
            rows = await _measure(measurement, quick=quick)
        except Exception:  # a measurement that breaks off must not take the figures of the others with it
            _CONSOLE.print_exception(max_frames=4, extra_lines=1)
            good = False
            continue
        took = time.monotonic() - began
        _CONSOLE.print(_shown(measurement, rows, took))
        good = good and all(row.reached is not False for row in rows)
        if not quick:
            await _write(measurement, rows, took)
    return good


async def _measure(measurement: Measurement, *, quick: bool) -> Sequence[Row]:
    with tempfile.TemporaryDirectory(prefix=f"audioprep-{measurement.name}-", ignore_cleanup_errors=True) as folder:
        return await measurement.run(Path(folder), quick)


async def _write(measurement: Measurement, rows: Sequence[Row], took: float) -> None:
    described = await machine.described()
    how = f"`make bench ONLY={measurement.name}`, {machine.today()}, commit {machine.commit()}, {took:.0f} s."
    document = results.RESULTS.read_text(encoding="utf-8")
    listed = "\n".join(f"| {name} | {value} |" for name, value in described)
    document = results.replaced(document, "machine", f"| last run on | |\n| --- | --- |\n{listed}")
    document = results.replaced(document, measurement.name, results.section(measurement, rows, how))
    results.RESULTS.write_text(document, encoding="utf-8")


def _shown(measurement: Measurement, rows: Sequence[Row], took: float) -> Table:
    table = Table(title=f"{measurement.name}: {measurement.title} ({took:.0f} s)", title_justify="left")
    for column in ("what", "value", "compared with", "ratio", "goal", "reached"):
        table.add_column(column)
    for row in rows:
        verdict = {True: "yes", False: "[bold red]no", None: ""}[row.reached]
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(row.what, row.value, row.compared, ratio, row.goal, verdict)
    return table


if __name__ == "__main__":
    main()
