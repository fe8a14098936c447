"""`cancel`: jobs called off, by id, by filter, or all that wait."""

import shlex
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from audioprep.cli.commands.bulk import (
    LIMIT,
    Limit,
    PerMinute,
    Since,
    Types,
    apply_to_all,
    confirm,
    filter_of,
    select,
    show_counts,
)
from audioprep.cli.console import EXIT_FAILED, EXIT_USAGE, fail, out, print_json, read_settings, run, say_error
from audioprep.cli.options import AsJson, CancellableIds, DryRun, Yes
from audioprep.cli.table import JobTable, open_table

if TYPE_CHECKING:
    from audioprep.bridge.store.bulk import RowFilter
    from audioprep.settings import Settings

_COUNTED = 10_000  # pending rows counted before asking


class Cancellable(StrEnum):
    """Statuses that a job may be cancelled in."""

    PENDING = "pending"
    PROCESSING = "processing"


def cancel(
    job_ids: CancellableIds = None,
    all_pending: Annotated[bool, typer.Option("--all-pending", help="Every job that waits; asks first.")] = False,
    status: Annotated[
        list[Cancellable] | None, typer.Option(help="Many jobs: those that are pending or processing; may be repeated.")
    ] = None,
    job_type: Types = None,
    since: Since = None,
    limit: Limit = LIMIT,
    per_minute: PerMinute = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Cancel jobs: what runs for them is killed, then the row is acknowledged. Finished ones are left as they are."""
    filtered = bool(status or job_type or since)
    if [bool(job_ids), all_pending, filtered].count(True) != 1:
        fail("Name the jobs, a filter such as --type ingest, or type `audioprep cancel --all-pending`.", EXIT_USAGE)
    settings = read_settings()
    if filtered:
        wanted = filter_of(settings, status or list(Cancellable), job_type, None, since)
        _cancel_filtered(settings, wanted, limit, per_minute, dry_run=dry_run, yes=yes, as_json=as_json)
        return
    cancelled, finished = (
        (_cancel_pending(settings, yes=yes), [])
        if all_pending
        else run(_request_cancels(settings, list(dict.fromkeys(job_ids or []))))
    )
    if as_json:
        print_json({"cancelled": cancelled, "finished": finished})
    elif all_pending:
        out.print(f"{len(cancelled)} pending jobs cancelled.", highlight=False)
    else:
        _tell(cancelled, finished)
    if finished:
        raise typer.Exit(EXIT_FAILED)


def _cancel_filtered(
    settings: "Settings",
    wanted: "RowFilter",
    limit: int,
    per_minute: float | None,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    rows = run(select(settings, wanted))[:limit]
    if not as_json:
        show_counts(rows)
    cancelled: dict[str, str] = {}
    if rows and not dry_run:
        confirm("cancel", len(rows), yes=yes)
        cancelled = apply_to_all(settings, _request_cancel, [row.job_id for row in rows], per_minute)
    if as_json:
        print_json({"found": len(rows), "cancelled": list(cancelled)})
    elif not rows:
        out.print("No job fits.", highlight=False)
    elif not dry_run:
        out.print(f"Cancel requested for {len(cancelled):,} of {len(rows):,} jobs.", highlight=False)


async def _request_cancel(table: JobTable, job_id: str) -> str | None:
    from audioprep.jobs.timestamps import utc_now

    return job_id if await table.rows.request_cancel(job_id, utc_now()) else None


def _tell(cancelled: list[str], finished: list[str]) -> None:
    if cancelled:
        again = shlex.join(["audioprep", "watch", *cancelled])
        out.print(f"Cancel requested; `{again}` shows when it is done.", markup=False, highlight=False, soft_wrap=True)
    for job_id in finished:
        say_error(f"Job {job_id} is finished already: nothing was changed.")


def _cancel_pending(settings: "Settings", *, yes: bool) -> list[str]:
    waiting = run(_waiting(settings))
    if not waiting:
        return []
    if not yes and not sys.stdin.isatty():
        fail(f"This would cancel {len(waiting)} pending jobs: add --yes.", EXIT_USAGE)
    if not yes:
        typer.confirm(f"Cancel {len(waiting)} pending jobs?", abort=True, err=True)
    return run(_cancel_until(settings, waiting[-1]))


async def _request_cancels(settings: "Settings", job_ids: list[str]) -> tuple[list[str], list[str]]:
    """The ids whose cancel was asked for, and those that were final."""
    from audioprep.jobs.timestamps import utc_now

    async with open_table(settings) as table:
        job_ids = [job.job_id for job in await table.find_all(job_ids, "Nothing was cancelled.")]
        won = [job_id for job_id in job_ids if await table.rows.request_cancel(job_id, utc_now())]
    return won, [job_id for job_id in job_ids if job_id not in won]


async def _waiting(settings: "Settings") -> list[str]:
    async with open_table(settings) as table:
        return await table.rows.pending(_COUNTED)


async def _cancel_until(settings: "Settings", until: str) -> list[str]:
    from audioprep.jobs.timestamps import utc_now

    async with open_table(settings) as table:
        return await table.rows.cancel_pending(until, utc_now())
