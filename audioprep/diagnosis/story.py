"""History of one job in plain words. Pure: payloads and failures are text by now."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from audioprep.jobs.errors import ErrorKind


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something that happened. `what` is a short phrase; `detail` says which, why, or with what outcome."""

    at: datetime
    what: str
    detail: str = ""
    bad: bool = False


@dataclass(frozen=True, slots=True)
class EventText:
    """An event's summary, and the reason of the failure in it."""

    summary: str = ""
    reason: str = ""


_E: Final = EventType
_ENDS: Final = {
    _E.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: "workflow completed",
    _E.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: "workflow failed",
    _E.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: "workflow timed out",
    _E.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: "workflow cancelled",
    _E.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: "workflow terminated",
}
_CHILD_ENDS: Final = {
    _E.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED: "completed",
    _E.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED: "failed",
    _E.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT: "timed out",
    _E.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED: "cancelled",
    _E.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED: "terminated",
}


_STEPS: Final = {
    "fetch_source": "download",
    "analyze": "analysis",
    "publish_asset": "publication",
    "discard_asset": "clean-up",
    "find_preview": "search for a stored preview",
    "render_preview": "preview",
    "measure": "loudness measurement",
    "render": "rendering",
    "publish": "publication",
    "expand_playlist": "reading of the list",
    "delete_assets": "deletion of assets",
}


def step_name(activity: str) -> str:
    """A step in plain words; one of another package by its own name."""
    return _STEPS.get(activity, activity)


class HistoryFormatter:
    """Reads events in order. Temporal keeps of a step's attempts the last one, and why the one before it failed."""

    def __init__(self, texts: Mapping[int, EventText]) -> None:
        self._texts = texts
        self._steps: dict[int, str] = {}
        self._children: dict[int, str] = {}
        self._handlers: dict[int, Callable[[HistoryEvent], LogEntry | None]] = {
            _E.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: self._started,
            _E.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED: self._cancel_requested,
            _E.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: self._scheduled,
            _E.EVENT_TYPE_ACTIVITY_TASK_STARTED: self._step_started,
            _E.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: self._step_completed,
            _E.EVENT_TYPE_ACTIVITY_TASK_FAILED: self._step_failed,
            _E.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: self._step_timed_out,
            _E.EVENT_TYPE_ACTIVITY_TASK_CANCELED: self._step_cancelled,
            _E.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: self._child_started,
            **dict.fromkeys(_CHILD_ENDS, self._child_ended),
            **dict.fromkeys(_ENDS, self._ended),
        }

    def format(self, events: Iterable[HistoryEvent]) -> list[LogEntry]:
        """In the order in which it happened: the start of an attempt is written down only with its end."""
        told = (self._handlers[event.event_type](event) for event in events if event.event_type in self._handlers)
        return sorted((entry for entry in told if entry is not None), key=lambda entry: entry.at)

    def _entry(self, event: HistoryEvent, what: str, detail: str = "", *, bad: bool = False) -> LogEntry:
        return LogEntry(event.event_time.ToDatetime(tzinfo=UTC), what, detail, bad)

    def _started(self, event: HistoryEvent) -> LogEntry:
        return self._entry(event, "claimed, workflow started", self._texts[event.event_id].summary)

    def _cancel_requested(self, event: HistoryEvent) -> LogEntry:
        return self._entry(event, "cancel requested")

    def _scheduled(self, event: HistoryEvent) -> None:
        name = event.activity_task_scheduled_event_attributes.activity_type.name
        self._steps[event.event_id] = step_name(name.removeprefix("audioprep."))

    def _step_started(self, event: HistoryEvent) -> LogEntry:
        attributes = event.activity_task_started_event_attributes
        scheduled = attributes.scheduled_event_id
        step, summary = self._steps.get(scheduled, "step"), self._texts[scheduled].summary
        if attributes.attempt <= 1:
            return self._entry(event, f"{step} started", summary)
        why = f"attempt {attributes.attempt - 1} failed: {self._texts[event.event_id].reason}"
        return self._entry(event, f"{step} retried, attempt {attributes.attempt}", why, bad=True)

    def _step_completed(self, event: HistoryEvent) -> LogEntry:
        return self._entry(
            event, f"{self._step(event.activity_task_completed_event_attributes.scheduled_event_id)} done"
        )

    def _step_failed(self, event: HistoryEvent) -> LogEntry:
        attributes = event.activity_task_failed_event_attributes
        step, reason = self._step(attributes.scheduled_event_id), self._texts[event.event_id].reason
        if attributes.failure.application_failure_info.type == ErrorKind.WORKER_SHUTDOWN:
            return self._entry(event, f"{step} handed over", reason)
        return self._entry(event, f"{step} failed", reason, bad=True)

    def _step_timed_out(self, event: HistoryEvent) -> LogEntry:
        step = self._step(event.activity_task_timed_out_event_attributes.scheduled_event_id)
        return self._entry(event, f"{step} timed out", self._texts[event.event_id].reason, bad=True)

    def _step_cancelled(self, event: HistoryEvent) -> LogEntry:
        step = self._step(event.activity_task_canceled_event_attributes.scheduled_event_id)
        return self._entry(event, f"{step} stopped", "its child process is dead")

    def _child_started(self, event: HistoryEvent) -> LogEntry:
        child = event.start_child_workflow_execution_initiated_event_attributes
        self._children[event.event_id] = self._texts[event.event_id].summary or child.workflow_id
        return self._entry(event, "began", self._children[event.event_id])

    def _child_ended(self, event: HistoryEvent) -> LogEntry:
        attributes = getattr(event, event.WhichOneof("attributes") or "")
        how = _CHILD_ENDS[event.event_type]
        detail = " · ".join(
            filter(None, [self._children.get(attributes.initiated_event_id), self._texts[event.event_id].reason])
        )
        return self._entry(event, how, detail, bad=how in ("failed", "timed out"))

    def _ended(self, event: HistoryEvent) -> LogEntry:
        what = _ENDS[event.event_type]
        bad = what not in ("workflow completed", "workflow cancelled")
        return self._entry(event, what, self._texts[event.event_id].reason, bad=bad)

    def _step(self, scheduled_event_id: int) -> str:
        return self._steps.get(scheduled_event_id, "step")
