"""`jobs`, `show`, `watch`, `cancel`: the table, seen and steered from a terminal."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from audioprep.cli.console import EXIT_FAILED, EXIT_INTERRUPTED, err, fail, out, print_json, read_settings, run
from audioprep.cli.options import AsJson
from audioprep.cli.view import STYLES, Watcher, as_dict

if TYPE_CHECKING:
    from audioprep.bridge.store import JobStore
    from audioprep.jobs.job import Job
    from audioprep.settings import Settings

JobId = Annotated[str, typer.Argument(help="The job's id.")]


def list_jobs(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20, as_json: AsJson = False
) -> None:
    """List the newest jobs."""
    jobs = run(_newest(read_settings(), limit))
    if as_json:
        print_json([as_dict(job) for job in jobs])
        return
    table = Table(box=None, header_style="bold")
    for column in ("job", "type", "status", "stage", "progress", "created", "error"):
        table.add_column(column, overflow="fold", no_wrap=column != "error")
    for job in jobs:
        status = f"[{STYLES[job.status]}]{job.status}[/]"
        progress = f"{job.progress:.0f} %" if job.progress else ""
        table.add_row(job.job_id, job.type, status, job.stage or "", progress, job.created_at, job.error or "")
    out.print(table)


def show(job_id: JobId, as_json: AsJson = False) -> None:
    """Print one job's row."""
    job = run(_get(read_settings(), job_id))
    if as_json:
        print_json(as_dict(job))
        return
    table = Table(box=None, show_header=False)
    for name, value in as_dict(job).items():
        shown = json.dumps(value, ensure_ascii=False, indent=2) if isinstance(value, dict) else value
        table.add_row(name, "" if shown is None else str(shown))
    out.print(table)


def watch(job_id: JobId, as_json: AsJson = False) -> None:
    """Follow a job to its end. The exit code is 0 only if it completed; Ctrl-C leaves it running."""
    watch_job(read_settings(), job_id, as_json=as_json)


def cancel(job_id: JobId) -> None:
    """Cancel a job: its child process is killed, then the row is acknowledged."""
    if run(_request_cancel(read_settings(), job_id)):
        out.print(
            f"Cancel requested; `audioprep watch {job_id}` shows when it is done.", highlight=False, soft_wrap=True
        )
    else:
        fail(f"Job {job_id} is finished already: nothing was changed.")


def watch_job(settings: "Settings", job_id: str, *, as_json: bool) -> None:
    """Show a job's stage and progress until it is final, and end the command accordingly."""
    from audioprep.jobs.status import JobStatus

    try:
        job = run(_watch(settings, job_id, quiet=as_json))
    except KeyboardInterrupt:
        err.print(
            f"\nThe job is still running. Come back with: audioprep watch {job_id}", highlight=False, soft_wrap=True
        )
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        print_json(as_dict(job))
    if job.status is not JobStatus.COMPLETE:
        raise typer.Exit(EXIT_FAILED)


async def _watch(settings: "Settings", job_id: str, *, quiet: bool) -> "Job":
    async with _open_store(settings) as store:
        return await Watcher(store, out, quiet=quiet).follow(await _found(store, job_id))


async def _newest(settings: "Settings", limit: int) -> "list[Job]":
    async with _open_store(settings) as store:
        return await store.newest(limit)


async def _get(settings: "Settings", job_id: str) -> "Job":
    async with _open_store(settings) as store:
        return await _found(store, job_id)


async def _request_cancel(settings: "Settings", job_id: str) -> bool:
    from audioprep.jobs.timestamps import utc_now

    async with _open_store(settings) as store:
        await _found(store, job_id)
        return await store.request_cancel(job_id, utc_now())


async def _found(store: "JobStore", job_id: str) -> "Job":
    job = await store.get(job_id)
    if job is None:
        fail(f"There is no job {job_id}; `audioprep jobs` lists the newest.")
    return job


@asynccontextmanager
async def _open_store(settings: "Settings") -> "AsyncIterator[JobStore]":
    from audioprep.bridge.database import open_database
    from audioprep.bridge.store import JobStore

    async with open_database(settings.database.database_url, settings.database.token) as database:
        yield JobStore(database)
