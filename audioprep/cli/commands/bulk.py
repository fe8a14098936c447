"""Many rows at once: a filter, counts before anything is changed, a pace."""

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from audioprep.cli.console import EXIT_USAGE, fail, out, run
from audioprep.cli.table import JobTable, open_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audioprep.bridge.store.bulk import RowFilter, SelectedRow
    from audioprep.settings import Settings

Types = Annotated[list[str] | None, typer.Option("--type", help="Only those of this type; may be repeated.")]
Kinds = Annotated[
    list[str] | None, typer.Option("--kind", help="Only those that failed with this kind of error; may be repeated.")
]
Since = Annotated[str | None, typer.Option(help="Only those made since: 30m, 2h, 1d ago, or an ISO 8601 time.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many, oldest first.")]
PerMinute = Annotated[
    float | None, typer.Option(min=0.1, help="How many a minute; all at once if absent. The command waits in between.")
]

LIMIT = 500


Apply = Callable[[JobTable, str], Awaitable[str | None]]
"""Changes one row; what it became, None when it was left as it is."""


def filter_of(
    settings: "Settings",
    statuses: "Sequence[str]",
    types: "Sequence[str] | None",
    kinds: "Sequence[str] | None",
    since: str | None,
) -> "RowFilter":
    """The filter that the options ask for, or the end of the command."""
    from audioprep.bridge.store.bulk import RowFilter
    from audioprep.cli.views.since import moment_from
    from audioprep.extension import served_types
    from audioprep.jobs.errors import ErrorKind
    from audioprep.jobs.status import JobStatus
    from audioprep.jobs.timestamps import utc_now

    served = served_types(settings).names
    if unknown := sorted(set(types or ()) - set(served)):
        fail(f"The type {unknown[0]!r} is not served here; served are {', '.join(sorted(served))}.", EXIT_USAGE)
    if unknown := sorted(set(kinds or ()) - {kind.value for kind in ErrorKind}):
        fail(f"There is no kind of error {unknown[0]!r}; there are {', '.join(ErrorKind)}.", EXIT_USAGE)
    try:
        moment = moment_from(since, utc_now()) if since else None
    except ValueError as error:
        fail(str(error), EXIT_USAGE)
    return RowFilter(
        frozenset(types or served), frozenset(JobStatus(word) for word in statuses), frozenset(kinds or ()), moment
    )


async def select(settings: "Settings", wanted: "RowFilter") -> "list[SelectedRow]":
    async with open_table(settings) as table:
        return await table.bulk.select(wanted)


def show_counts(rows: "Sequence[SelectedRow]", left_out: "Sequence[SelectedRow]" = (), why: str = "") -> None:
    """How many rows of each type, status and kind; those that are left out after them."""
    for chosen, note in ((rows, ""), (left_out, f" ({why})")):
        counts = Counter((row.type, row.status.value, row.kind) for row in chosen)
        for (name, status, kind), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            line = f"{count:>7,}  {name} {status} {kind}".rstrip()
            out.print(f"{line}{note}", markup=False, highlight=False, soft_wrap=True)


def confirm(verb: str, rows: int, *, yes: bool) -> None:
    if not yes and not sys.stdin.isatty():
        fail(f"This would {verb} {rows:,} jobs: add --yes.", EXIT_USAGE)
    if not yes:
        typer.confirm(f"{verb.capitalize()} {rows:,} jobs?", abort=True, err=True)


def apply_to_all(
    settings: "Settings", apply: Apply, job_ids: "Sequence[str]", per_minute: float | None
) -> dict[str, str]:
    """What each row became, by its id; rows that another program changed meanwhile are left out."""
    return run(_apply_to_all(settings, apply, job_ids, per_minute))


async def _apply_to_all(
    settings: "Settings", apply: Apply, job_ids: "Sequence[str]", per_minute: float | None
) -> dict[str, str]:
    done: dict[str, str] = {}
    async with open_table(settings) as table:
        for number, job_id in enumerate(job_ids):
            if number and per_minute:
                await asyncio.sleep(60 / per_minute)
            became = await apply(table, job_id)
            if became is not None:
                done[job_id] = became
    return done
