"""Many rows at once: a filter, counts before anything is changed, a pace."""

import asyncio
import inspect
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audioprep.cli.console import EXIT_USAGE, fail, run, say
from audioprep.cli.options import AsJson, DryRun, Yes
from audioprep.cli.table import JobTable, open_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audioprep.bridge.store.bulk import RowFilter, SelectedRow
    from audioprep.settings import Settings

Types = Annotated[list[str] | None, typer.Option("--type", help="Only those of this type; may be repeated.")]
Since = Annotated[str | None, typer.Option(help="Only those made since: 30m, 2h, 1d ago, or an ISO 8601 time.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many, oldest first.")]
PerMinute = Annotated[
    float | None, typer.Option(min=0.1, help="How many a minute; all at once if absent. The command waits in between.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOptions:
    """Options of every command that may change many rows: its parameter `options` becomes these, see `bulk`."""

    job_type: Types = None
    since: Since = None
    limit: Limit = 500
    per_minute: PerMinute = None
    dry_run: DryRun = False
    yes: Yes = False
    as_json: AsJson = False


def bulk(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options of `BulkOptions`, which it gets as one value, `options`."""
    signature = inspect.signature(command)
    hints = inspect.get_annotations(BulkOptions)
    added = [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type)
        for field in fields(BulkOptions)
    ]
    own = [parameter for name, parameter in signature.parameters.items() if name != "options"]

    @wraps(command)
    def chosen(*args: Any, **kwargs: Any) -> None:
        options = BulkOptions(**{name: kwargs.pop(name) for name in hints if name in kwargs})
        command(*args, **kwargs, options=options)

    chosen.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined] # what Typer reads
    annotations = {name: hint for name, hint in command.__annotations__.items() if name != "options"}
    chosen.__annotations__ = {**annotations, **hints}
    return chosen


Apply = Callable[[JobTable, str], Awaitable[str | None]]
"""Changes one row; what it became, None when it was left as it is."""


def filter_of(
    settings: "Settings", statuses: "Sequence[str]", options: BulkOptions, kinds: "Sequence[str]" = ()
) -> "RowFilter":
    """The filter that the options ask for, or the end of the command."""
    from audioprep.bridge.store.bulk import RowFilter
    from audioprep.cli.views.since import moment_from
    from audioprep.extension import served_types
    from audioprep.jobs.errors import ErrorKind
    from audioprep.jobs.status import JobStatus
    from audioprep.jobs.timestamps import utc_now

    served, types = served_types(settings).names, options.job_type
    if unknown := sorted(set(types or ()) - set(served)):
        fail(f"The type {unknown[0]!r} is not served here; served are {', '.join(sorted(served))}.", EXIT_USAGE)
    if unknown := sorted(set(kinds) - {kind.value for kind in ErrorKind}):
        fail(f"There is no kind of error {unknown[0]!r}; there are {', '.join(ErrorKind)}.", EXIT_USAGE)
    try:
        moment = moment_from(options.since, utc_now()) if options.since else None
    except ValueError as error:
        fail(str(error), EXIT_USAGE)
    return RowFilter(
        frozenset(types or served), frozenset(JobStatus(word) for word in statuses), frozenset(kinds), moment
    )


async def select(settings: "Settings", wanted: "RowFilter") -> "list[SelectedRow]":
    async with open_table(settings) as table:
        return await table.bulk.select(wanted)


def change_all(
    settings: "Settings",
    verb: str,
    apply: Apply,
    rows: "Sequence[SelectedRow]",
    options: BulkOptions,
    left_out: "Sequence[SelectedRow]" = (),
    why: str = "",
) -> dict[str, str]:
    """Print counts, ask, and change the rows, as far as the options let it; what each row became, by its id."""
    if not options.as_json:
        _show_counts(rows, left_out, why)
    if not rows or options.dry_run:
        return {}
    _confirm(verb, len(rows), yes=options.yes)
    return run(_apply_to_all(settings, apply, [row.job_id for row in rows], options.per_minute))


def _show_counts(rows: "Sequence[SelectedRow]", left_out: "Sequence[SelectedRow]", why: str) -> None:
    """How many rows of each type, status and kind; those that are left out after them."""
    for chosen, note in ((rows, ""), (left_out, f" ({why})")):
        counts = Counter((row.type, row.status.value, row.kind) for row in chosen)
        for (name, status, kind), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            line = f"{count:>7,}  {name} {status} {kind}".rstrip()
            say(f"{line}{note}")


def _confirm(verb: str, rows: int, *, yes: bool) -> None:
    if not yes and not sys.stdin.isatty():
        fail(f"This would {verb} {rows:,} jobs: add --yes.", EXIT_USAGE)
    if not yes:
        typer.confirm(f"{verb.capitalize()} {rows:,} jobs?", abort=True, err=True)


async def _apply_to_all(
    settings: "Settings", apply: Apply, job_ids: "Sequence[str]", per_minute: float | None
) -> dict[str, str]:
    """What each row became, by its id; rows that another program changed meanwhile are left out."""
    done: dict[str, str] = {}
    async with open_table(settings) as table:
        for number, job_id in enumerate(job_ids):
            if number and per_minute:
                await asyncio.sleep(60 / per_minute)
            became = await apply(table, job_id)
            if became is not None:
                done[job_id] = became
    return done
