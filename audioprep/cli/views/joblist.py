"""A list of jobs that fits a terminal: short ids, ages, whole statuses, errors wrapped under their rows. Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.style import Style
from rich.text import Text

from audioprep.cli.views.row import settled, status_of
from audioprep.jobs.job import Job
from audioprep.jobs.request import short_id
from audioprep.jobs.text.wording import printable
from audioprep.jobs.timestamps import from_text

_WIDE: Final = 66  # columns from which stage and progress have a place
_LONGEST: Final = {"job": 24, "type": 14, "status": 20, "stage": 14}  # characters of a cell
_GAP: Final = 2
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def job_list(
    jobs: Sequence[Job],
    served: Collection[str],
    now: datetime,
    width: int,
    link: Callable[[Job], str] = lambda _: "",
) -> Iterator[RenderableType]:
    """Lines for a terminal of `width` columns. `link` has the page of a job in Temporal's UI, empty if it has none."""
    names = ("job", "type", "status", "stage", "done", "age") if width >= _WIDE else ("job", "type", "status", "age")
    ids = short_ids([job.job_id for job in jobs])
    rows = [dict(zip(names, _cells(job, ids[job.job_id], now, names), strict=True)) for job in jobs]
    widths = {name: max([len(name), *(len(row[name]) for row in rows)]) for name in names}
    yield _line({name: name for name in names}, widths, styles=dict.fromkeys(names, "bold"))
    for job, row in zip(jobs, rows, strict=True):
        yield _line(row, widths, styles={"job": Style(link=link(job) or None), "status": status_of(job).style})
        waits_for_others = job.type not in served and not settled(job)
        remark = job.error or ("no bridge with these settings serves the type" if waits_for_others else "")
        if remark:
            yield Padding(Text(printable(remark), style="dim"), (0, 0, 0, 3))


def short_ids(job_ids: Sequence[str]) -> dict[str, str]:
    """Each id by its first characters: eight, or as many as tell it from its neighbours in the list."""
    ordered = sorted(set(job_ids))
    shown = {}
    for before, job_id, after in zip(["", *ordered], ordered, [*ordered[1:], ""], strict=False):
        shared = max(_shared(job_id, before), _shared(job_id, after))
        shown[job_id] = job_id[: max(len(short_id(job_id)), shared + 1)]
    return shown


def _shared(one: str, other: str) -> int:
    """The number of characters that two ids begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def age(text: str, now: datetime) -> str:
    """How long ago a time was, in its largest unit: `12s`, `3m`, `5h`, `2d`. `?` for what is no time."""
    try:
        past = now - from_text(text)
    except (ValueError, OverflowError):
        return "?"
    return short_duration(past) if past > timedelta(seconds=-1) else f"in {short_duration(-past)}"


def short_duration(span: timedelta) -> str:
    seconds = max(span.total_seconds(), 0.0)
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds >= size), _UNITS[-1])
    return f"{int(seconds // size)}{unit}"


def _cells(job: Job, shown_id: str, now: datetime, names: Sequence[str]) -> list[str]:
    cells = {
        "job": shown_id,
        "type": job.type,
        "status": str(job.status.value),
        "stage": job.stage or "",
        "done": f"{job.progress:.0f} %" if job.progress else "",
        "age": age(job.created_at, now),
    }
    return [_bounded(printable(cells[name]), _LONGEST.get(name, 12)) for name in names]


def _bounded(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _line(row: Mapping[str, str], widths: Mapping[str, int], styles: Mapping[str, str | Style]) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    for name, cell in row.items():
        line.append(cell, style=styles.get(name, ""))
        line.append(" " * (widths[name] + _GAP - len(cell)))
    line.rstrip()
    return line
