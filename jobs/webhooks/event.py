"""Webhook events: the body of each, its id, and the argument of the workflow that delivers it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid4, uuid5

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from audioprep.jobs.errors import ErrorKind, FailedResult
from audioprep.jobs.payload import WireModel
from audioprep.jobs.request import WEBHOOK_ID_PREFIX, escaped
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import to_text

WEBHOOK_WORKFLOW: Final = "AudioprepWebhook"
MAX_BODY: Final = 20_000  # bytes, as Standard Webhooks recommends; a larger result is left to the row
MAX_TRY: Final = timedelta(seconds=10)  # for the receiver to answer one attempt
GIVE_UP_AFTER: Final = timedelta(days=3)
_NAMESPACE: Final = UUID("c6f6a5ae-6f0a-4f0e-9c8e-0d4a4c1c7d21")
_JSON: Final = TypeAdapter[JsonValue](JsonValue)


class WebhookType(StrEnum):
    """The `type` of an event."""

    COMPLETE = "job.complete"
    FAILED = "job.failed"
    CANCELLED = "job.cancelled"
    TEST = "webhook.test"  # sent by `audioprep webhooks test` only


class EventError(WireModel):
    """Why a job failed, or was superseded."""

    message: str = Field(description="the row's `error`: one sentence for people")
    kind: ErrorKind | None = Field(description="of the closed list of kinds; null if another program failed the row")
    retryable: bool = Field(description="the same job, asked for again, may succeed without a change to its row")
    attempts: int = Field(ge=0, description="attempts at the step that failed; 0 when no step ran")


class EventData(WireModel):
    """What an event says of its job."""

    job_id: str
    job_type: str
    table_id: str = Field(description="identity of the jobs table: tells staging from production")
    status: str
    tenant: str | None = Field(default=None, description="`metadata.tenant` of the row, where it is text")
    result: JsonValue = Field(default=None, description="the row's `result`, of a complete job")
    result_omitted: bool = Field(default=False, description="the result would be too large: it is in the row")
    error: EventError | None = Field(default=None, description="of a failed job, or of one that a newer row superseded")
    retry_count: int = 0
    created_at: str = ""
    ended_at: str


class WebhookEvent(WireModel):
    """The body of a webhook: `{type, timestamp, data}`, at most 20,000 bytes of JSON."""

    type: WebhookType
    timestamp: str = Field(description="when the job ended: ISO 8601, UTC")
    data: EventData

    def to_body(self) -> str:
        """The JSON that is signed and sent; without the result if it would be too large with it."""
        body = self.model_dump_json()
        if len(body.encode()) <= MAX_BODY:
            return body
        data = self.data.model_copy(update={"result": None, "result_omitted": True})
        return self.model_copy(update={"data": data}).model_dump_json()


class WebhookDelivery(WireModel):
    """The single argument of the workflow that delivers one webhook. Neither URL nor secret is in it."""

    webhook_id: str
    job_id: str
    table_id: str
    type: WebhookType
    body: str

    @property
    def workflow_id(self) -> str:
        """The same for every delivery of one job's end: Temporal runs one at a time."""
        return f"{WEBHOOK_ID_PREFIX}{self.table_id}-{escaped(self.job_id)}"


class WebhookReceipt(WireModel):
    """How the receiver answered, for Temporal's UI."""

    status: int
    attempt: int


def webhook_id_for(table_id: str, job_id: str) -> str:
    """The header `webhook-id`: the same however often a job's end is delivered, so that a receiver can tell."""
    return f"msg_{uuid5(_NAMESPACE, f'{table_id}/{job_id}').hex}"


def sample_event(now: datetime) -> tuple[str, WebhookEvent]:
    """An event of no job, with an id of its own."""
    job_id = f"test-{uuid4().hex[:12]}"
    data = EventData(
        job_id=job_id, job_type="test", table_id="", status=JobStatus.COMPLETE, result={}, ended_at=to_text(now)
    )
    event = WebhookEvent(type=WebhookType.TEST, timestamp=to_text(now), data=data)
    return webhook_id_for("", job_id), event


def parsed_json(text: str | None) -> JsonValue:
    """A column of JSON; null for what another program left there that is no JSON."""
    try:
        return _JSON.validate_json(text) if text else None
    except ValidationError:
        return None


def event_error(message: str | None, result: str | None) -> EventError:
    """What a failed row says. A row that another program failed may have no kind."""
    sentence = message or ""
    try:
        facts = FailedResult.model_validate_json(result or "").error
    except ValidationError:
        return EventError(message=sentence, kind=None, retryable=False, attempts=0)
    return EventError(message=sentence, kind=facts.kind, retryable=facts.retryable, attempts=facts.attempts)
