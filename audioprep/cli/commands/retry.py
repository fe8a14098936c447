"""`retry`: new jobs that ask for the same as old ones, one by id or many by filter."""

import uuid
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from audioprep.cli.commands.bulk import BulkOptions, bulk, change_all, filter_of, select
from audioprep.cli.console import EXIT_USAGE, fail, out, print_json, read_settings, run
from audioprep.cli.options import RetryableId, Watch
from audioprep.cli.table import JobTable, link_when_claimed, open_table
from audioprep.cli.views.row import parsed, settled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audioprep.bridge.store.bulk import SelectedRow
    from audioprep.jobs.job import Job
    from audioprep.settings import Settings


Kinds = Annotated[
    list[str] | None, typer.Option("--kind", help="Only those that failed with this kind of error; may be repeated.")
]


class Retryable(StrEnum):
    """Statuses that a job may be retried from."""

    FAILED = "failed"
    CANCELLED = "cancelled"


@bulk
def retry(
    job_id: RetryableId = None,
    status: Annotated[
        list[Retryable] | None, typer.Option(help="Many jobs: those that failed or were cancelled; may be repeated.")
    ] = None,
    kind: Kinds = None,
    watch: Watch = False,
    *,
    options: BulkOptions,
) -> None:
    """Ask again for what failed or cancelled jobs were to do: as new jobs, whose ids are printed.

    A new job names the first one in `metadata.retryOf`, the old row the new job in `result.retriedAs`. Each job is
    retried once; of a playlist, which may be complete, only entries that failed are fetched. With a filter, kinds of
    error that no retry can change are left out unless `--kind` names them.
    """
    settings = read_settings()
    filtered = bool(status or options.job_type or kind or options.since)
    if filtered == (job_id is not None):
        fail("Name a job, or a filter such as --status failed.", EXIT_USAGE)
    if job_id is not None:
        _retry_one(settings, job_id, watch=watch, as_json=options.as_json)
    else:
        _retry_filtered(settings, status or [Retryable.FAILED], kind or [], options)


def _retry_filtered(settings: "Settings", statuses: "list[Retryable]", kinds: list[str], options: BulkOptions) -> None:
    found = run(select(settings, filter_of(settings, statuses, options, kinds)))
    rows, hopeless = _parted(found, options.limit, named=bool(kinds))
    why = "left out: needs a change first"
    retried = change_all(settings, "retry", _insert_retry, rows, options, hopeless, why)
    _report(rows, retried, dry_run=options.dry_run, as_json=options.as_json)


def _parted(rows: "Sequence[SelectedRow]", limit: int, *, named: bool) -> "tuple[list[SelectedRow], list[SelectedRow]]":
    """The rows to retry, and those whose kind of error a retry cannot change."""
    from audioprep.jobs.errors import FailedResult

    hopeful = [row for row in rows if named or not row.kind or FailedResult.of(row.kind, 0).error.retryable]
    chosen = {row.job_id for row in hopeful}
    return hopeful[:limit], [row for row in rows if row.job_id not in chosen]


def _report(rows: "Sequence[SelectedRow]", retried: dict[str, str], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"found": len(rows), "retried": retried})
    elif not rows:
        out.print("No job fits that was not retried already.", highlight=False)
    elif not dry_run:
        out.print(f"{len(retried):,} of {len(rows):,} jobs retried.", highlight=False)


async def _insert_retry(table: JobTable, job_id: str) -> str | None:
    """The id of the new job; None when an app or another person was first, or the table refuses the new row."""
    from audioprep.bridge.database.errors import StatementRefused
    from audioprep.jobs.timestamps import utc_now

    new_id = str(uuid.uuid4())
    try:
        return new_id if await table.bulk.retry(job_id, new_id, utc_now()) else None
    except StatementRefused:  # such as a unique index of the app
        return None


def _retry_one(settings: "Settings", job_id: str, *, watch: bool, as_json: bool) -> None:
    from audioprep.cli.commands.submit import announce

    async def ask_again() -> tuple[str | None, str]:
        async with open_table(settings) as table:
            job = await table.find(job_id)
            _check(settings, job)
            new_id = await _insert_retry(table, job.job_id)
        link = link_when_claimed(settings, new_id, table.table_id) if new_id and table.table_id else ""
        return new_id, link

    new_id, link = run(ask_again())
    if new_id is None:
        fail(f"Job {job_id} was not retried: another program has changed its row, or the table refuses the new one.")
    announce(settings, new_id, link, watch=watch, as_json=as_json)


def _check(settings: "Settings", job: "Job") -> None:
    """End the command when the job cannot be retried, or a bridge would refuse the new row."""
    from audioprep.extension import served_types
    from audioprep.jobs.errors import PermanentError

    if not settled(job):
        fail(f"Job {job.job_id} is not finished; `audioprep cancel {job.job_id}` ends it.")
    if job.status.value == "complete" and not _has_failed_entries(job):
        fail(f"Job {job.job_id} is complete; `audioprep show {job.job_id}` prints its result.")
    if not isinstance(parsed(job.metadata), dict):
        fail(f"The metadata of job {job.job_id} is not a JSON object: it would fail again.")
    result = parsed(job.result)
    if isinstance(result, dict) and result.get("retriedAs"):
        fail(f"Job {job.job_id} was retried already, as {result['retriedAs']}.")
    try:
        served_types(settings).find(job.type).parse(job.metadata or "")
    except PermanentError as error:
        fail(error.message, EXIT_USAGE)


def _has_failed_entries(job: "Job") -> bool:
    """A playlist completes also if entries failed: a retry fetches these, and takes over the others."""
    result = parsed(job.result)
    entries = result.get("entries") if isinstance(result, dict) and job.type == "playlist" else None
    return isinstance(entries, list) and any(
        isinstance(entry, dict) and entry.get("status") != "complete" for entry in entries
    )
