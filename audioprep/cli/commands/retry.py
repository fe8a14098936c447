"""`retry`: new jobs that ask for the same as old ones, one by id or many by filter."""

import uuid
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from audioprep.cli.commands.bulk import (
    LIMIT,
    Kinds,
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
from audioprep.cli.console import EXIT_USAGE, fail, out, print_json, read_settings, run
from audioprep.cli.options import AsJson, DryRun, RetryableId, Watch, Yes
from audioprep.cli.table import JobTable, open_table
from audioprep.cli.views.row import parsed, settled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audioprep.bridge.store.bulk import SelectedRow
    from audioprep.jobs.job import Job
    from audioprep.settings import Settings


class Retryable(StrEnum):
    """Statuses that a job may be retried from."""

    FAILED = "failed"
    CANCELLED = "cancelled"


def retry(
    job_id: RetryableId = None,
    status: Annotated[
        list[Retryable] | None, typer.Option(help="Many jobs: those that failed or were cancelled; may be repeated.")
    ] = None,
    job_type: Types = None,
    kind: Kinds = None,
    since: Since = None,
    limit: Limit = LIMIT,
    per_minute: PerMinute = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Ask again for what failed or cancelled jobs were to do: as new jobs, whose ids are printed.

    A new job names the first one in `metadata.retryOf`, the old row the new job in `result.retriedAs`. Each job is
    retried once; of a playlist, which may be complete, only entries that failed are fetched. With a filter, kinds of
    error that no retry can change are left out unless `--kind` names them.
    """
    settings = read_settings()
    filtered = bool(status or job_type or kind or since)
    if filtered == (job_id is not None):
        fail("Name a job, or a filter such as --status failed.", EXIT_USAGE)
    if job_id is not None:
        _retry_one(settings, job_id, watch=watch, as_json=as_json)
        return
    wanted = filter_of(settings, status or [Retryable.FAILED], job_type, kind, since)
    rows, hopeless = _parted(run(select(settings, wanted)), limit, named=bool(kind))
    if not as_json:
        show_counts(rows, hopeless, "left out: needs a change first")
    retried: dict[str, str] = {}
    if rows and not dry_run:
        confirm("retry", len(rows), yes=yes)
        retried = apply_to_all(settings, _insert_retry, [row.job_id for row in rows], per_minute)
    _report(rows, retried, dry_run=dry_run, as_json=as_json)


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

    async def ask_again() -> str | None:
        async with open_table(settings) as table:
            job = await table.find(job_id)
            _check(settings, job)
            return await _insert_retry(table, job.job_id)

    new_id = run(ask_again())
    if new_id is None:
        fail(f"Job {job_id} was not retried: another program has changed its row, or the table refuses the new one.")
    announce(settings, new_id, watch=watch, as_json=as_json)


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
