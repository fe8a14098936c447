"""`logs`: what happened to one job, from its row and its workflow's history."""

from typing import TYPE_CHECKING

from audioprep.cli.console import out, print_json, read_settings, run
from audioprep.cli.options import AsJson, JobId
from audioprep.cli.table import link_to, open_client, open_table

if TYPE_CHECKING:
    from audioprep.diagnosis.story import LogEntry
    from audioprep.settings import Settings


def logs(job_id: JobId, as_json: AsJson = False) -> None:
    """Tell what happened to a job, in order: claimed, started, failed and why, retried, handed over, ended."""
    from audioprep.cli.views.entries import entry_lines
    from audioprep.jobs.timestamps import to_text

    entries, link = run(_entries(read_settings(), job_id))
    if as_json:
        print_json([{"at": to_text(m.at), "what": m.what, "detail": m.detail} for m in entries])
        return
    for line in entry_lines(entries):
        out.print(line)
    if link:
        out.print(f"workflow  {link}", highlight=False, markup=False, soft_wrap=True)


async def _entries(settings: "Settings", job_id: str) -> "tuple[list[LogEntry], str]":
    """What happened, and where Temporal's UI shows it."""
    from audioprep.bridge.temporal.inspection import Inspection
    from audioprep.diagnosis.history import read_story

    async with open_table(settings) as rows:
        job = await rows.find(job_id)
    inspection = Inspection(await open_client(), settings.temporal.task_queue, rows.table_id)
    return await read_story(inspection, job), link_to(settings, job, rows.table_id)
