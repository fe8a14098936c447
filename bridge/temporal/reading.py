"""Views from Temporal's answers: memos, heartbeats, results and failures, none of them trusted."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import ValidationError
from temporalio import exceptions
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import WorkflowExecutionDescription, WorkflowFailureError
from temporalio.common import RawValue
from temporalio.converter import DataConverter
from temporalio.exceptions import ActivityError, ApplicationError, RetryState, TerminatedError, TimeoutType

from audioprep.bridge.temporal.workflow_tasks import stuck_task_attempts
from audioprep.bridge.views import Cancelled, Closed, Completed, Failed, Running
from audioprep.jobs.errors import TIMEOUT_SENTENCE, ErrorKind
from audioprep.jobs.progress import MEMO_PROGRESS, MEMO_STAGE, StepProgress
from audioprep.jobs.request import is_downloads_queue
from audioprep.jobs.status import Stage
from audioprep.jobs.text.redaction import sentence_of

_KINDS = frozenset(kind.value for kind in ErrorKind)
_EXHAUSTED = (RetryState.MAXIMUM_ATTEMPTS_REACHED,)
_NO_WORKER = "No worker was there to take the job."
_TIMEOUTS = {
    TimeoutType.HEARTBEAT: "The worker stopped answering while it ran this job.",
    TimeoutType.SCHEDULE_TO_START: _NO_WORKER,
}


def view_of_failure(failure: WorkflowFailureError, *, taken: bool = True) -> Failed | Cancelled:
    """What a workflow that did not complete says to the row's owner. `taken` says that a worker began with it."""
    cause: BaseException = failure
    exhausted = False
    while cause.__cause__ is not None and not isinstance(cause, ApplicationError):
        cause = cause.__cause__
        exhausted |= isinstance(cause, ActivityError) and cause.retry_state in _EXHAUSTED
    match cause:
        case ApplicationError(type=kind) if kind in _KINDS:
            return Failed(sentence_of(cause.message), str(kind), exhausted=exhausted)
        case ApplicationError(type=kind):
            sentence = sentence_of(f"The job failed with {kind or 'an error'}: {cause.message}")
            return Failed(sentence, ErrorKind.UNEXPECTED, exhausted=exhausted)
        case exceptions.TimeoutError() if not taken:
            return Failed(_NO_WORKER, ErrorKind.TIMED_OUT)
        case exceptions.TimeoutError(type=kind) if kind in _TIMEOUTS:
            return Failed(_TIMEOUTS[kind], ErrorKind.TIMED_OUT, exhausted=exhausted)
        case exceptions.TimeoutError():
            return Failed(TIMEOUT_SENTENCE, ErrorKind.TIMED_OUT)
        case TerminatedError():
            return Failed("The workflow was terminated by an operator.", ErrorKind.TERMINATED)
        case _:
            return Cancelled()


_INVALID_RESULT: Final = Failed(
    "The job's workflow completed with a result that is not JSON.", ErrorKind.INVALID_RESULT
)
_JSON_ENCODINGS: Final = (b"json/plain", b"json/protobuf")  # of a payload: https://docs.temporal.io/dataconversion
_WAITING_STAGES: Final = (Stage.DOWNLOADING, Stage.EXPANDING)  # without a step under way, the job waits for a site

# Started, first workflow task scheduled, timed out: https://docs.temporal.io/references/events
_UNTAKEN_EVENTS: Final = 3


class Reader:
    """Reads payloads with the client's converter."""

    def __init__(self, converter: DataConverter) -> None:
        self._converter = converter

    async def running(self, description: WorkflowExecutionDescription) -> Running:
        """The stage from the memo; a step under way knows better, and by how much."""
        raw = description.raw_description
        seen = await self._from_memo(_memo(description))
        uses_slot = seen.stage not in _WAITING_STAGES
        for pending in raw.pending_activities:
            said = await self._from_heartbeat(pending.heartbeat_details.payloads)
            if said is not None:
                since = _time(pending.last_heartbeat_time)
                seen = replace(seen, stage=said.stage or seen.stage, progress=said.progress, since=since)
            seen = replace(seen, retries=max(pending.attempt - 1, 0))
            uses_slot = not _waits_for_download(pending)
            break
        stuck = stuck_task_attempts(description)
        return replace(seen, started=description.start_time, stuck_tasks=stuck, uses_slot=uses_slot)

    async def completed(self, result: RawValue | None, description: WorkflowExecutionDescription) -> Completed | Failed:
        """A result that is not JSON makes the job failed: the row could not hold it."""
        stage = (await self._from_memo(_memo(description))).stage
        view = _ended(result)
        return replace(view, stage=stage, since=description.close_time)

    async def failed(self, failure: WorkflowFailureError, description: WorkflowExecutionDescription) -> Closed:
        taken = description.history_length > _UNTAKEN_EVENTS
        view = replace(view_of_failure(failure, taken=taken), since=description.close_time)
        if not isinstance(view, Failed):
            return view
        return replace(view, stage=(await self._from_memo(_memo(description))).stage)

    async def news(self, event: HistoryEvent) -> Running | Completed | Failed | None:
        """A new stage, or that the job is done. None for all else; other ends, and runs that went on under another id,
        need a look at the workflow.
        """
        since = _time(event.event_time)
        memo = event.workflow_properties_modified_event_attributes.upserted_memo.fields
        if MEMO_STAGE in memo:
            return replace(await self._from_memo(memo), since=since)
        completed = event.workflow_execution_completed_event_attributes
        if not event.HasField("workflow_execution_completed_event_attributes") or completed.new_execution_run_id:
            return None
        values = await self._converter.decode(completed.result.payloads, [RawValue])
        return replace(_ended(values[0] if values else None), since=since)

    async def _from_heartbeat(self, details: Sequence[Payload]) -> StepProgress | None:
        """None without details, and for those of a worker not of ours that says something else in them."""
        try:
            return StepProgress.model_validate(await self._decode(details[0])) if details else None
        except ValidationError:
            return None

    async def _from_memo(self, memo: Mapping[str, Payload]) -> Running:
        stage = await self._decode(memo[MEMO_STAGE]) if MEMO_STAGE in memo else None
        progress = await self._decode(memo[MEMO_PROGRESS]) if MEMO_PROGRESS in memo else 0.0
        return Running(
            stage if isinstance(stage, str) else None,
            float(progress) if isinstance(progress, int | float) and 0 <= progress <= 100 else 0.0,
        )

    async def _decode(self, payload: Payload) -> Any:
        return (await self._converter.decode([payload]))[0]


def _memo(description: WorkflowExecutionDescription) -> Mapping[str, Payload]:
    return description.raw_description.workflow_execution_info.memo.fields


def _ended(result: RawValue | None) -> Completed | Failed:
    """The end of a workflow that completed. Its JSON goes into the row as it is, if it is JSON for every language."""
    if result is None or result.payload.metadata.get("encoding") == b"binary/null":
        return Completed("null")
    if result.payload.metadata.get("encoding") not in _JSON_ENCODINGS:
        return _INVALID_RESULT
    try:
        return Completed(_json(json.loads(result.payload.data)))
    except (ValueError, RecursionError):
        return _INVALID_RESULT


def _json(value: Any) -> str:
    """Half of a surrogate pair, as JavaScript leaves when it cuts a string, becomes a question mark: UTF-8 has no form
    for it. Raises ValueError for NaN and for numbers beyond the range, which Python reads and JSON does not have.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode(errors="replace").decode()


def _waits_for_download(pending: PendingActivityInfo) -> bool:
    """A step that downloads, or waits to: it has slots of its own on the workers."""
    if not pending.HasField("activity_options"):
        return False
    return is_downloads_queue(pending.activity_options.task_queue.name)


def _time(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)
