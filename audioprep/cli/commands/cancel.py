"""`cancel`: jobs called off, by id or all that wait."""

import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from audioprep.cli.console import EXIT_FAILED, EXIT_USAGE, err, fail, out, print_json, read_settings, run
from audioprep.cli.options import AsJson, CancellableIds, Yes
from audioprep.cli.table import open_table

if TYPE_CHECKING:
    from audioprep.settings import Settings

_COUNTED = 10_000  # pending rows counted before asking


def cancel(
    job_ids: CancellableIds = None,
    all_pending: Annotated[bool, typer.Option("--all-pending", help="Every job that waits; asks first.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Cancel jobs: what runs for them is killed, then the row is acknowledged. Finished ones are left as they are."""
    if bool(job_ids) == all_pending:
        fail("Name the jobs, or type `audioprep cancel --all-pending`.", EXIT_USAGE)
    settings = read_settings()
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


def _tell(cancelled: list[str], finished: list[str]) -> None:
    if cancelled:
        again = shlex.join(["audioprep", "watch", *cancelled])
        out.print(f"Cancel requested; `{again}` shows when it is done.", markup=False, highlight=False, soft_wrap=True)
    for job_id in finished:
        err.print("error:", style="bold red", end=" ")
        err.print(
            f"Job {job_id} is finished already: nothing was changed.", markup=False, highlight=False, soft_wrap=True
        )


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
        job_ids = [job.job_id for job in await table.find_all(job_ids)]
        won = [job_id for job_id in job_ids if await table.rows.request_cancel(job_id, utc_now())]
    return won, [job_id for job_id in job_ids if job_id not in won]


async def _waiting(settings: "Settings") -> list[str]:
    async with open_table(settings) as table:
        return await table.rows.pending(_COUNTED)


async def _cancel_until(settings: "Settings", until: str) -> list[str]:
    from audioprep.jobs.timestamps import utc_now

    async with open_table(settings) as table:
        return await table.rows.cancel_pending(until, utc_now())
