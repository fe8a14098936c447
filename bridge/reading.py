"""From Temporal's answers to views. What others' workers and workflows left in them is not trusted."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowExecutionDescription, WorkflowFailureError
from temporalio.converter import DataConverter

from audioprep.bridge.failures import view_of_failure
from audioprep.bridge.views import Closed, Completed, Failed, Running
from audioprep.jobs.progress import MEMO_PROGRESS, MEMO_STAGE, StepProgress

# Started, first workflow task scheduled, timed out: https://docs.temporal.io/references/events
_UNTAKEN_EVENTS: Final = 3


class Reader:
    """Reads payloads with the client's converter."""

    def __init__(self, converter: DataConverter) -> None:
        self._converter = converter

    async def running(self, description: WorkflowExecutionDescription) -> Running:
        """The stage from the memo; a step under way knows better, and by how much."""
        seen = await self._from_memo(_memo(description))
        for pending in description.raw_description.pending_activities:
            said = await self._from_heartbeat(pending.heartbeat_details.payloads)
            stage, progress = (said.stage or seen.stage, said.progress) if said else (seen.stage, seen.progress)
            said_at = _time(pending.last_heartbeat_time) if said else None
            return Running(stage, progress, max(pending.attempt - 1, 0), said_at)
        return seen

    async def completed(self, result: object, description: WorkflowExecutionDescription) -> Completed:
        return Completed(_json(result), (await self._from_memo(_memo(description))).stage, description.close_time)

    async def failed(self, failure: WorkflowFailureError, description: WorkflowExecutionDescription) -> Closed:
        taken = description.history_length > _UNTAKEN_EVENTS
        view = replace(view_of_failure(failure, taken=taken), since=description.close_time)
        if not isinstance(view, Failed):
            return view
        return replace(view, stage=(await self._from_memo(_memo(description))).stage)

    async def news(self, event: HistoryEvent) -> Running | Completed | None:
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
        values = await self._converter.decode_wrapper(completed.result)
        return Completed(_json(values[0] if values else None), since=since)

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


def _json(result: object) -> str:
    return json.dumps(result, ensure_ascii=False)


def _time(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)
