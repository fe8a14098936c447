"""What happened to a job: from its row, its workflow's history, and its steps under way."""

from temporalio.api.history.v1 import HistoryEvent

from audioprep.bridge.temporal.inspection import Execution, Inspection
from audioprep.diagnosis.problems import settled
from audioprep.diagnosis.story import EventText, HistoryFormatter, LogEntry, step_name
from audioprep.jobs.job import Job
from audioprep.jobs.timestamps import from_text, utc_now


async def read_story(inspection: Inspection, job: Job) -> list[LogEntry]:
    """In the order of time. Raises TemporalUnavailable."""
    entries = [
        *_of_row(job),
        *await _of_history(inspection, job.job_id),
        *_of_now(await inspection.execution(job.job_id)),
    ]
    return sorted(entries, key=lambda entry: entry.at)


def _of_row(job: Job) -> list[LogEntry]:
    """The row's own two times; text of other programs that is no time has no place in the order."""
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


async def _of_history(inspection: Inspection, job_id: str) -> list[LogEntry]:
    history = await inspection.history(job_id)
    if history is None:
        return []
    texts = {event.event_id: await _texts(inspection, event) for event in history.events}
    return HistoryFormatter(texts).format(history.events)


async def _texts(inspection: Inspection, event: HistoryEvent) -> EventText:
    attributes = getattr(event, event.WhichOneof("attributes") or "")
    failure = next((getattr(attributes, name) for name in ("failure", "last_failure") if _has(attributes, name)), None)
    return EventText(
        summary=await inspection.summary(event), reason=await inspection.sentence(failure) if failure else ""
    )


def _has(attributes: object, name: str) -> bool:
    fields = attributes.DESCRIPTOR.fields_by_name  # type: ignore[attr-defined] # every message of protobuf has one
    return name in fields and attributes.HasField(name)  # type: ignore[attr-defined]


def _of_now(execution: Execution | None) -> list[LogEntry]:
    """Steps under way: Temporal writes an attempt into the history only when it has ended."""
    entries = []
    for step in execution.steps if execution else ():
        what = f"{step_name(step.name)} {'runs' if step.running else 'waits'}, attempt {step.attempt}"
        why = f"attempt {step.attempt - 1} failed: {step.failure}" if step.failure else ""
        entries.append(LogEntry(utc_now(), what, why, bad=bool(step.failure)))
    return entries
