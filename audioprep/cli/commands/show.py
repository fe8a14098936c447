"""`show`: one row, and the sound of it."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from audioprep.cli.console import out, print_json, read_settings, run, say
from audioprep.cli.options import AsJson, JobId
from audioprep.cli.table import link_to, open_table
from audioprep.cli.views.row import as_dict, parsed
from audioprep.cli.views.waveform import draw, peak_level

if TYPE_CHECKING:
    from audioprep.jobs.job import Job
    from audioprep.settings import Settings

_TIMEOUT = 10.0  # seconds for storage
_ROWS = 6  # lines of a picture
_WIDEST = 120  # columns: a wider picture shows no more


@dataclass(frozen=True, slots=True)
class Picture:
    """The outline of a finished ingest, and where its PNG is; `missing` says why there is no outline.

    `source` is one line on where the asset came from, empty if its `metadata.json` does not say.
    """

    place: str
    peaks: list[float]
    missing: str = ""
    source: str = ""


def show(
    job_id: JobId,
    as_json: AsJson = False,
    workflow_id: Annotated[
        bool, typer.Option("--workflow-id", help="Only the id of its workflow in Temporal, for Temporal's own tools.")
    ] = False,
) -> None:
    """Print one job's row; of a finished ingest also its waveform, and where the picture of it is."""
    settings = read_settings()
    if workflow_id:
        out.print(run(_workflow_id(settings, job_id)), highlight=False, markup=False, soft_wrap=True)
        return
    job, picture, link = run(_look(settings, job_id, pictured=not as_json))
    if as_json:
        print_json(as_dict(job))
        return
    out.print(_table(job))
    if link:
        out.print(f"workflow {link}", highlight=False, markup=False, soft_wrap=True)
    if picture is None:
        return
    for line in draw(picture.peaks, min(out.width - 2, _WIDEST), _ROWS):
        out.print(f" {line}", style="blue", highlight=False, soft_wrap=True)
    if picture.peaks:
        out.print(f"peak     {peak_level(picture.peaks)}", highlight=False, markup=False)
    if picture.missing:
        say(picture.missing, "yellow")
    if picture.source:
        out.print(f"source   {picture.source}", highlight=False, markup=False, soft_wrap=True)
    out.print(f"picture  {picture.place}", highlight=False, markup=False, soft_wrap=True)


async def _workflow_id(settings: "Settings", job_id: str) -> str:
    from audioprep.jobs.request import workflow_id_for

    async with open_table(settings) as table:
        return workflow_id_for((await table.find(job_id)).job_id, table.table_id)


async def _look(settings: "Settings", job_id: str, *, pictured: bool) -> "tuple[Job, Picture | None, str]":
    """The row, its picture, and its page in Temporal's UI."""
    async with open_table(settings) as table:
        job = await table.find(job_id)
    link = link_to(settings, job, table.table_id)
    result = parsed(job.result)
    if not pictured or job.type != "ingest" or not isinstance(result, dict) or "assetId" not in result:
        return job, None, link
    return job, await _picture(settings, str(result["assetId"])), link


async def _picture(settings: "Settings", asset_id: str) -> Picture:
    from audioprep.activities.storage.store import Storage
    from audioprep.jobs import keys
    from audioprep.jobs.errors import JobError

    place = _place(settings.storage.storage_url, keys.waveform(asset_id))
    try:
        async with asyncio.timeout(_TIMEOUT):
            storage = Storage.open(settings.storage.storage_url)
            content = await storage.read(keys.peaks(asset_id))
            described = await storage.read_or_none(keys.metadata(asset_id))
    except (JobError, TimeoutError) as error:
        return Picture(place, [], f"The peaks cannot be read: {error or 'storage gave no answer in time'}")
    return Picture(place, json.loads(content), source=_source(described))


def _source(described: bytes | None) -> str:
    """Source, bit rate and time of the ingest, from `metadata.json`."""
    from audioprep.jobs.types.asset import parse_asset

    asset = parse_asset(described) if described else None
    if asset is None:
        return ""
    provenance = asset.provenance
    name = provenance.source_url or asset.original_filename or ""
    facts = [provenance.source_type.value, name, f"{asset.audio.bitrate / 1000:.0f} kbit/s", asset.created_at]
    return " · ".join(fact for fact in facts if fact)


def _place(storage_url: str, key: str) -> str:
    """The picture's path on this machine, or its URL in the bucket."""
    if storage_url.startswith("file:"):
        return str(Path(storage_url.removeprefix("file:")).absolute() / key)
    return f"{storage_url.rstrip('/')}/{key}"


def _table(job: "Job") -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, value in as_dict(job).items():
        table.add_row(name, _shown(value))
    return table


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return escape(json.dumps(value, ensure_ascii=False, indent=2) if isinstance(value, dict | list) else str(value))
