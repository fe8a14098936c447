"""`watch`: jobs followed to their end."""

import shlex
from functools import partial
from typing import TYPE_CHECKING

import typer

from audioprep.cli.console import EXIT_FAILED, EXIT_INTERRUPTED, err, out, print_json, read_settings, run
from audioprep.cli.options import AsJson, JobIds
from audioprep.cli.table import link_to, open_table
from audioprep.cli.views.row import as_dict

if TYPE_CHECKING:
    from audioprep.jobs.job import Job
    from audioprep.settings import Settings

_MOST = 200  # jobs followed when none is named


def watch(job_ids: JobIds = None, as_json: AsJson = False) -> None:
    """Follow jobs to their end; without an id, all that are under way. Ctrl-C leaves them running.

    The exit code is 0 only if every one completed. With --json one job is an object, several are a list.
    """
    watch_jobs(read_settings(), job_ids or [], as_json=as_json)


def watch_jobs(settings: "Settings", job_ids: list[str], *, as_json: bool) -> None:
    """Show stages and progress until all are final, and end the command accordingly."""
    try:
        jobs = run(_watch(settings, list(dict.fromkeys(job_ids)), quiet=as_json))
    except KeyboardInterrupt:
        again = shlex.join(["audioprep", "watch", *job_ids])
        verb = "job is" if len(job_ids) == 1 else "jobs are"
        err.print(f"\nThe {verb} still running. Come back with: {again}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        rows = [as_dict(job) for job in jobs]
        print_json(rows[0] if len(job_ids) == len(rows) == 1 else rows)
    elif not jobs:
        out.print("Nothing is under way; `audioprep jobs` lists the newest.", highlight=False)
    if not all(job.status.value == "complete" for job in jobs):
        raise typer.Exit(EXIT_FAILED)


async def _watch(settings: "Settings", job_ids: list[str], *, quiet: bool) -> "list[Job]":
    from audioprep.cli.views.forecast import Forecast
    from audioprep.cli.views.watcher import Watcher

    async with open_table(settings) as table:
        jobs = await table.find_all(job_ids) if job_ids else await table.lists.unfinished(_MOST)
        forecast = Forecast(table.service, table.pauses)
        link = partial(link_to, settings, table_id=table.table_id)
        return await Watcher(table.lists, out, forecast, link, quiet=quiet).follow(jobs)
