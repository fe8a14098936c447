"""`logs`: what happened to one job, from its row and its workflow's history."""

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from audioprep.cli.console import out, print_json, read_settings, run
from audioprep.cli.options import AsJson, JobId
from audioprep.cli.table import open_client, open_table

if TYPE_CHECKING:
    from temporalio.api.history.v1 import HistoryEvent

    from audioprep.bridge.temporal.inspection import Execution, Inspection
    from audioprep.cli.views.story import EventText, LogEntry
    from audioprep.jobs.job import Job
    from audioprep.settings import Settings


def logs(job_id: JobId, as_json: AsJson = False) -> None:
    """Tell what happened to a job, in order: claimed, started, failed and why, retried, handed over, ended."""
    from audioprep.jobs.timestamps import to_text

    entries = run(_entries(read_settings(), job_id))
    if as_json:
        print_json([{"at": to_text(m.at), "what": m.what, "detail": m.detail} for m in entries])
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for entry in entries:
        style = "red" if entry.bad else None
        table.add_row(to_text(entry.at), escape(entry.what), escape(entry.detail), style=style)
    out.print(table)


async def _entries(settings: "Settings", job_id: str) -> "list[LogEntry]":
    from audioprep.bridge.temporal.inspection import Inspection

    async with open_table(settings) as rows:
        job = await rows.find(job_id)
    inspection = Inspection(await open_client(), settings.temporal.task_queue, rows.table_id)
    entries = [
        *_of_row(job),
        *await _of_history(inspection, job.job_id),
        *_of_now(await inspection.execution(job.job_id)),
    ]
    return sorted(entries, key=lambda entry: entry.at)


def _of_row(job: "Job") -> "list[LogEntry]":
    """The row's own two times; text of other programs that is no time has no place in the order."""
    from audioprep.cli.views.row import settled
    from audioprep.cli.views.story import LogEntry
    from audioprep.jobs.timestamps import from_text

    try:
        entries = [LogEntry(from_text(job.created_at), "asked for", job.type)]
        if settled(job):
            entries.append(
                LogEntry(from_text(job.updated_at), f"row {job.status.value}", job.error or "", bad=bool(job.error))
            )
        elif job.cancel_requested:
            entries.append(LogEntry(from_text(job.updated_at), "row cancelled", "not acknowledged yet"))
    except ValueError:
        return []
    return entries


async def _of_history(inspection: "Inspection", job_id: str) -> "list[LogEntry]":
    from audioprep.cli.views.story import HistoryFormatter

    history = await inspection.history(job_id)
    if history is None:
        return []
    texts = {event.event_id: await _texts(inspection, event) for event in history.events}
    return HistoryFormatter(texts).format(history.events)


async def _texts(inspection: "Inspection", event: "HistoryEvent") -> "EventText":
    from audioprep.cli.views.story import EventText

    attributes = getattr(event, event.WhichOneof("attributes") or "")
    failure = next((getattr(attributes, name) for name in ("failure", "last_failure") if _has(attributes, name)), None)
    return EventText(
        summary=await inspection.summary(event), reason=await inspection.sentence(failure) if failure else ""
    )


def _has(attributes: object, name: str) -> bool:
    fields = attributes.DESCRIPTOR.fields_by_name  # type: ignore[attr-defined] # every message of protobuf has one
    return name in fields and attributes.HasField(name)  # type: ignore[attr-defined]


def _of_now(execution: "Execution | None") -> "list[LogEntry]":
    """Steps under way: Temporal writes an attempt into the history only when it has ended."""
    from audioprep.cli.views.story import LogEntry
    from audioprep.jobs.timestamps import utc_now

    entries = []
    for step in execution.steps if execution else ():
        what = f"{step.name} {'runs' if step.running else 'waits'}, attempt {step.attempt}"
        why = f"attempt {step.attempt - 1} failed: {step.failure}" if step.failure else ""
        entries.append(LogEntry(utc_now(), what, why, bad=bool(step.failure)))
    return entries
