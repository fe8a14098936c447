"""`jobs`: the newest rows, sifted."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from audioprep.cli.console import EXIT_USAGE, fail, out, print_json, read_settings, run, say
from audioprep.cli.options import AsJson
from audioprep.cli.table import link_to, open_table
from audioprep.cli.views.row import as_dict

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from audioprep.bridge.store.listing import JobFilter
    from audioprep.jobs.job import Job
    from audioprep.settings import Settings


MAX_WAITING = 1_000  # rows that wait, counted for each type


class Status(StrEnum):
    """What the `status` column may say."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


def list_jobs(
    status: Annotated[
        list[Status] | None, typer.Option(help="Only those in this state; may be given several times.")
    ] = None,
    job_type: Annotated[
        str | None, typer.Option("--type", help="Only those of this type, sought among the newest 1000.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only those made since: 30m, 2h, 1d ago, or an ISO 8601 time.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the newest jobs; the first line says who works, how many wait, and since when the oldest does."""
    found = run(_newest(read_settings(), limit, _filters(status, job_type, since)))
    if as_json:
        print_json([as_dict(job) for job in found.jobs])
        return
    _print(found, job_type)


@dataclass(frozen=True, slots=True)
class Found:
    """The rows that fit, the types that are served, the state of the service in one line, and what is paused.

    `links` has the pages in Temporal's UI by job id, empty for jobs without one.
    """

    jobs: "list[Job]"
    served: "Collection[str]"
    header: str
    paused: list[str]
    links: "Mapping[str, str]"


def _print(found: Found, job_type: str | None) -> None:
    from audioprep.cli.views.joblist import job_list
    from audioprep.jobs.timestamps import utc_now

    out.print(found.header, style="dim", markup=False, highlight=False)
    for sentence in found.paused:
        say(sentence, "yellow")
    for line in job_list(found.jobs, found.served, utc_now(), out.width, lambda job: found.links[job.job_id]):
        out.print(line)
    if not found.jobs:
        known = f" Served here are {', '.join(sorted(found.served))}." if job_type not in (None, *found.served) else ""
        out.print(f"No job fits; `audioprep submit --help` shows how to make one.{known}", highlight=False)


def _filters(statuses: list[Status] | None, job_type: str | None, since: str | None) -> "list[JobFilter]":
    """One for each status; a row has one of them, so that nothing is found twice."""
    from audioprep.bridge.store.listing import JobFilter
    from audioprep.cli.views.since import moment_from
    from audioprep.jobs.status import JobStatus
    from audioprep.jobs.timestamps import utc_now

    try:
        moment = moment_from(since, utc_now()) if since else None
    except ValueError as error:
        fail(str(error), EXIT_USAGE)
    wanted = [JobStatus(status.value) for status in dict.fromkeys(statuses or ())]
    return [JobFilter(status, job_type, moment) for status in wanted] or [JobFilter(None, job_type, moment)]


async def _newest(settings: "Settings", limit: int, filters: "list[JobFilter]") -> Found:
    from audioprep.bridge.store.listing import latest_present
    from audioprep.cli.views.forecast import header_line
    from audioprep.jobs.timestamps import utc_now

    async with open_table(settings) as table:
        lists = [await table.lists.newest(limit, wanted) for wanted in filters]
        waiting = await table.rows.queue(MAX_WAITING)
        header = header_line(await table.service.read(utc_now()), waiting, utc_now())
        paused = [pause.sentence for pause in await table.pauses.read(utc_now())]
    present = latest_present()
    found = [job for jobs in lists for job in jobs]
    jobs = sorted(found, key=lambda job: (job.created_at <= present, job.created_at), reverse=True)[:limit]
    links = {job.job_id: link_to(settings, job, table.table_id) for job in jobs}
    return Found(jobs, table.rows.types, header, paused, links)
