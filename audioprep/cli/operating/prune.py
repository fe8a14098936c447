"""`prune`: finished rows deleted by age, counted before."""

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audioprep.cli.commands.bulk import Types
from audioprep.cli.commands.listing import Status
from audioprep.cli.console import EXIT_USAGE, fail, out, print_json, read_settings, run, say
from audioprep.cli.options import AsJson, DryRun, Yes
from audioprep.cli.table import open_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from audioprep.bridge.store.retention import Ended
    from audioprep.jobs.status import JobStatus
    from audioprep.settings import Settings

_COUNTED = 100_000  # rows of one type and status that are counted, each at the cost of a row read
_MOST_OF_THE_TIME = 0.5  # that deleting keeps the database busy


def prune(
    before: Annotated[
        str | None,
        typer.Option(help="What ended before: 90d ago, or an ISO 8601 time; as AUDIOPREP_KEEP_* say if absent."),
    ] = None,
    status: Annotated[
        list[Status] | None, typer.Option(help="Only those that are complete, failed or cancelled; may be repeated.")
    ] = None,
    job_type: Types = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete finished rows of the types served, by the age of their end; says how many first, and asks.

    A cancel that is not acknowledged yet stays. Files are not touched: a job of type `delete` removes those.
    """
    settings = read_settings()
    counts = run(_count(settings, _cuts(settings, before, status), job_type))
    if not as_json:
        _print(counts)
    if counts and not dry_run:
        _ask(sum(counts.values()), yes=yes)
        deleted = run(_delete(settings, list(counts)))
        if not as_json:
            say(f"{deleted:,} {'row' if deleted == 1 else 'rows'} deleted.")
    if as_json:
        print_json({"deleted": not dry_run, "rows": [_as_dict(ended, count) for ended, count in counts.items()]})


def _cuts(settings: "Settings", before: str | None, statuses: list[Status] | None) -> "Mapping[JobStatus, datetime]":
    """Before which moment rows of each status may go, or the end of the command."""
    from audioprep.cli.views.since import moment_from
    from audioprep.jobs.status import FINAL_STATUSES, JobStatus
    from audioprep.jobs.timestamps import utc_now

    wanted = {JobStatus(status.value) for status in statuses or ()} or set(FINAL_STATUSES)
    if unfinished := wanted - FINAL_STATUSES:
        fail(f"Rows that are {min(unfinished)} have not ended: `audioprep cancel` ends them.", EXIT_USAGE)
    if before is None:
        cuts = settings.retention.rules.cuts(utc_now())
        if not cuts:
            fail("Say which rows with --before, such as --before 90d, or set AUDIOPREP_KEEP_COMPLETE.", EXIT_USAGE)
    else:
        try:
            cuts = dict.fromkeys(FINAL_STATUSES, moment_from(before, utc_now()))
        except ValueError as error:
            fail(str(error), EXIT_USAGE)
    return {status: moment for status, moment in sorted(cuts.items()) if status in wanted}


def _ask(rows: int, *, yes: bool) -> None:
    if not yes and not sys.stdin.isatty():
        fail(f"This would delete {rows:,} rows: add --yes.", EXIT_USAGE)
    if not yes:
        typer.confirm(f"Delete {rows:,} rows?", abort=True, err=True)


def _print(counts: "Mapping[Ended, int]") -> None:
    for ended, count in counts.items():
        more = " or more" if count == _COUNTED else ""
        before = f"ended before {ended.before:%Y-%m-%d %H:%M} UTC"
        line = f"{count:>9,}{more}  {ended.type} {ended.status}, {before}"
        say(line)
    if not counts:
        out.print("No row is that old.", highlight=False)


def _as_dict(ended: "Ended", count: int) -> dict[str, Any]:
    from audioprep.jobs.timestamps import to_text

    return {
        "type": ended.type,
        "status": ended.status.value,
        "endedBefore": to_text(ended.before),
        "count": count,
        "countedUpTo": _COUNTED,
    }


async def _count(
    settings: "Settings", cuts: "Mapping[JobStatus, datetime]", types: list[str] | None
) -> "dict[Ended, int]":
    """What would be deleted, by type and status; pairs without any are left out."""
    from audioprep.bridge.store.retention import ended_rows

    async with open_table(settings) as table:
        served = table.rows.types
        if unknown := sorted(set(types or ()) - served):
            fail(f"The type {unknown[0]!r} is not served here; served are {', '.join(sorted(served))}.", EXIT_USAGE)
        pairs = list(ended_rows(types or served, cuts))
        counts = {ended: await table.retention.count(ended, _COUNTED) for ended in pairs}
    return {ended: count for ended, count in counts.items() if count}


async def _delete(settings: "Settings", pairs: "list[Ended]") -> int:
    """Page by page, so that bridges and apps come in between."""
    deleted = 0
    async with open_table(settings) as table:
        for ended in pairs:
            place = None
            while True:
                began = time.monotonic()
                page = await table.retention.delete_page(ended, place)
                deleted, place = deleted + page.deleted, page.place
                if place is None:
                    break
                await asyncio.sleep((time.monotonic() - began) * (1 / _MOST_OF_THE_TIME - 1))
    return deleted
