"""What happened to a job, for a terminal: local times, one line for each entry, its detail wrapped under it. Pure."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from audioprep.diagnosis.story import LogEntry
from audioprep.jobs.text.wording import printable

_INDENT: Final = 10  # columns: a time of day and two spaces
_SHORT: Final = 40  # characters of an entry that stays on one line with its detail


def entry_lines(entries: Iterable[LogEntry]) -> Iterator[RenderableType]:
    """In order; a line with the date begins each day."""
    day: date | None = None
    for entry in entries:
        at = entry.at.astimezone()
        if at.date() != day:
            day = at.date()
            yield Text(f"{at:%Y-%m-%d %Z}", style="dim")
        line = Text(f"{at:%H:%M:%S}  ", style="dim", no_wrap=True, overflow="fold")
        line.append(printable(entry.what), style="not dim red" if entry.bad else "not dim")
        detail = printable(entry.detail)
        if detail and len(entry.what) + len(detail) < _SHORT:
            line.append(f"  {detail}", style="not dim")
            detail = ""
        yield line
        if detail:
            yield Padding(Text(detail, style="red" if entry.bad else "", overflow="fold"), (0, 0, 0, _INDENT))
