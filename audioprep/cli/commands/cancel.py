"""`cancel`: jobs called off, by id, by filter, or all that wait."""

import shlex
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from audioprep.cli.commands.bulk import BulkOptions, bulk, change_all, filter_of, select
from audioprep.cli.console import EXIT_FAILED, EXIT_USAGE, fail, out, print_json, read_settings, run, say_error
from audioprep.cli.options import CancellableIds
from audioprep.cli.table import JobTable, open_table

if TYPE_CHECKING:
    from audioprep.bridge.store.bulk import RowFilter
    from audioprep.settings import Settings

_COUNTED = 10_000  # pending rows counted before asking


class Cancellable(StrEnum):
    """Statuses that a job may be cancelled in."""

    PENDING = "pending"
    PROCESSING = "processing"


@bulk
def cancel(
    job_ids: CancellableIds = None,
    all_pending: Annotated[bool, typer.Option("--all-pending", help="Every job that waits; asks first.")] = False,
    status: Annotated[
        list[Cancellable] | None, typer.Option(help="Many jobs: those that are pending or processing; may be repeated.")
    ] = None,
    *,
    options: BulkOptions,
) -> None:
    """Cancel jobs: what runs for them is killed, then the row is acknowledged. Finished ones are left as they are."""
    filtered = bool(status or options.job_type or options.since)
    if [bool(job_ids), all_pending, filtered].count(True) != 1:
        fail("Name the jobs, a filter such as --type ingest, or type `audioprep cancel --all-pending`.", EXIT_USAGE)
    settings = read_settings()
    if filtered:
        _cancel_filtered(settings, filter_of(settings, status or list(Cancellable), options), options)
    elif all_pending:
        _report_pending(_cancel_pending(settings, yes=options.yes), as_json=options.as_json)
    else:
        _cancel_named(settings, list(dict.fromkeys(job_ids or [])), as_json=options.as_json)


def _cancel_filtered(settings: "Settings", wanted: "RowFilter", options: BulkOptions) -> None:
    rows = run(select(settings, wanted))[: options.limit]
    cancelled = change_all(settings, "cancel", _request_cancel, rows, options)
    if options.as_json:
        print_json({"found": len(rows), "cancelled": list(cancelled)})
    elif not rows:
        out.print("No job fits.", highlight=False)
    elif not options.dry_run:
        out.print(f"Cancel requested for {len(cancelled):,} of {len(rows):,} jobs.", highlight=False)


def _report_pending(cancelled: list[str], *, as_json: bool) -> None:
    if as_json:
        print_json({"cancelled": cancelled, "finished": []})
    else:
        out.print(f"{len(cancelled)} pending jobs cancelled.", highlight=False)


def _cancel_named(settings: "Settings", job_ids: list[str], *, as_json: bool) -> None:
    cancelled, finished = run(_request_cancels(settings, job_ids))
    if as_json:
        print_json({"cancelled": cancelled, "finished": finished})
    else:
        _tell(cancelled, finished)
    if finished:
        raise typer.Exit(EXIT_FAILED)


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
