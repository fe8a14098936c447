"""`jobs`: the newest rows, sifted."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from audioprep.cli.console import EXIT_USAGE, fail, out, print_json, read_settings, run
from audioprep.cli.options import AsJson
from audioprep.cli.table import open_table
from audioprep.cli.views.row import as_dict, settled, styled

if TYPE_CHECKING:
    from collections.abc import Collection

    from audioprep.bridge.store.listing import JobFilter
    from audioprep.jobs.job import Job
    from audioprep.settings import Settings


class Status(StrEnum):
    """What the `status` column may say."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


def list_jobs(
    status: Annotated[Status | None, typer.Option(help="Only those in this state.")] = None,
    job_type: Annotated[
        str | None, typer.Option("--type", help="Only those of this type, sought among the newest 1000.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only those made since: 30m, 2h, 1d ago, or an ISO 8601 time.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the newest jobs."""
    jobs, served, service = run(_newest(read_settings(), limit, _filter(status, job_type, since)))
    if as_json:
        print_json([as_dict(job) for job in jobs])
    elif jobs:
        out.print(_table(jobs, served))
        if service and not all(settled(job) for job in jobs):
            out.print(f"[dim]{escape(service)}[/]", highlight=False, soft_wrap=True)
    else:
        out.print("No job fits; `audioprep submit --help` shows how to make one.", highlight=False)


def _filter(status: Status | None, job_type: str | None, since: str | None) -> "JobFilter":
    from audioprep.bridge.store.listing import JobFilter
    from audioprep.cli.views.since import moment_from
    from audioprep.jobs.status import JobStatus
    from audioprep.jobs.timestamps import utc_now

    try:
        moment = moment_from(since, utc_now()) if since else None
    except ValueError as error:
        fail(str(error), EXIT_USAGE)
    return JobFilter(JobStatus(status.value) if status else None, job_type, moment)


async def _newest(settings: "Settings", limit: int, wanted: "JobFilter") -> "tuple[list[Job], Collection[str], str]":
    """The rows, the types that are served, and who works."""
    from audioprep.cli.views.forecast import service_line
    from audioprep.jobs.timestamps import utc_now

    async with open_table(settings) as table:
        jobs, status = await table.lists.newest(limit, wanted), await table.service.read(utc_now())
        return jobs, table.rows.types, service_line(status) if status else ""


def _table(jobs: "list[Job]", served: "Collection[str]") -> Table:
    table = Table(box=None, header_style="bold")
    for column in ("job", "type", "status", "stage", "progress", "created", "error"):
        table.add_column(column, overflow="fold", no_wrap=column != "error")
    for job in jobs:
        progress = f"{job.progress:.0f} %" if job.progress else ""
        words = (escape(word) for word in (job.stage or "", progress, job.created_at, job.error or ""))
        waits_for_others = job.type not in served and not settled(job)
        kind = escape(job.type) + (" [dim](not served)[/]" if waits_for_others else "")
        table.add_row(escape(job.job_id), kind, styled(job), *words)
    return table
