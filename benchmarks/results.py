"""`RESULTS.md`: one section per measurement. A run replaces the sections it measured, and leaves the others alone."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.measurement import Measurement, Row

RESULTS: Final = Path(__file__).with_name("RESULTS.md")
_HEAD: Final = ("what", "value", "compared with", "ratio", "goal", "reached")
_VERDICT: Final = {True: "yes", False: "**no**", None: ""}


def section(measurement: Measurement, rows: Sequence[Row], how: str) -> str:
    """A measurement as Markdown. `how` says by which command, when and on what."""
    return f"## {measurement.title}\n\n{measurement.about}\n\n{table(rows)}\n\n{how}"


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, without the columns that no row fills."""
    cells = [_cells(row) for row in rows]
    used = [number for number in range(len(_HEAD)) if any(line[number] for line in cells)]
    lines = [[_HEAD[number] for number in used], ["---"] * len(used), *([line[n] for n in used] for line in cells)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def replaced(document: str, name: str, body: str) -> str:
    """The document with the section `name` in place of its old one, or at its end if it has none yet."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    new = f"{begin}\n{body.strip()}\n{end}"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if pattern.search(document):
        return pattern.sub(lambda _: new, document)
    return f"{document.rstrip()}\n\n{new}\n"


def _cells(row: Row) -> tuple[str, ...]:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return row.what, row.value, row.compared, ratio, row.goal, _VERDICT[row.reached]
