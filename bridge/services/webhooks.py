"""Webhook dispatcher: entries of the outbox become delivery workflows."""

import asyncio
from typing import Final

import structlog

from audioprep.bridge.store.outbox import Outbox, OutboxEntry
from audioprep.bridge.temporal.deliveries import Deliveries
from audioprep.bridge.temporal.errors import TemporalRefused
from audioprep.jobs.job import Job
from audioprep.jobs.request import is_job_id
from audioprep.jobs.webhooks.event import (
    MAX_BODY,
    EventData,
    EventError,
    WebhookDelivery,
    WebhookEvent,
    WebhookType,
    event_error,
    parsed_json,
    webhook_id_for,
)

log = structlog.get_logger()

INTERVAL: Final = 15.0  # seconds: an end of this bridge's own wakes it, this is for those of others
_EVENT_PREFIX: Final = "job."
_MAX_TENANT: Final = 64  # characters, as in outbox.sql


class WebhookDispatcher:
    """Starts a delivery for each entry, then deletes the entry: a crash in between repeats the start, which is a no-op
    while Temporal knows the delivery. Several bridges may do this at once.
    """

    name = "webhooks"

    def __init__(self, outbox: Outbox, deliveries: Deliveries, table_id: str, interval: float = INTERVAL) -> None:
        self._outbox = outbox
        self._deliveries = deliveries
        self._table_id = table_id
        self._interval = interval
        self._more = False

    def interval(self) -> float:
        return 0.0 if self._more else self._interval

    async def run_once(self) -> None:
        entries = await self._outbox.entries()
        await asyncio.gather(*(self._dispatch(entry) for entry in entries))
        await self._outbox.remove(entries)
        self._more = bool(entries)

    async def _dispatch(self, entry: OutboxEntry) -> None:
        """Start one delivery. An entry that can never become one is dropped, so that it does not block the others."""
        try:
            delivery = delivery_of(entry, self._table_id)
            await self._deliveries.start(delivery)
        except (ValueError, TemporalRefused) as error:
            log.warning("webhook_dropped", job_id=entry.job_id, error=str(error))
        else:
            log.info("webhook_started", job_id=entry.job_id, webhook_id=delivery.webhook_id, type=delivery.type)


def delivery_of_row(job: Job, table_id: str) -> WebhookDelivery:
    """The webhook of a row that has ended. Raises ValueError if it has not."""
    if not job.status.is_final or job.cancel_requested:
        raise ValueError(f"Job {job.job_id} has not ended: there is nothing to deliver yet.")
    large = len((job.result or "").encode()) > MAX_BODY
    entry = OutboxEntry(
        job_id=job.job_id,
        type=job.type,
        event=f"{_EVENT_PREFIX}{job.status}",
        ended_at=job.updated_at,
        result=None if large else job.result,
        result_omitted=large,
        error=job.error,
        retry_count=job.retry_count,
        created_at=job.created_at,
        tenant=_tenant_of(job.metadata),
    )
    return delivery_of(entry, table_id)


def delivery_of(entry: OutboxEntry, table_id: str) -> WebhookDelivery:
    """The webhook of one end. Raises ValueError if the job id or the event is not one that audioprep writes."""
    if not is_job_id(entry.job_id):
        raise ValueError("the job id is too long, empty, or has control characters")
    kind = WebhookType(entry.event)
    data = EventData(
        job_id=entry.job_id,
        job_type=entry.type,
        table_id=table_id,
        status=kind.removeprefix(_EVENT_PREFIX),
        tenant=entry.tenant,
        result=parsed_json(entry.result) if kind is WebhookType.COMPLETE else None,
        result_omitted=kind is WebhookType.COMPLETE and entry.result_omitted,
        error=_error_of(kind, entry),
        retry_count=entry.retry_count,
        created_at=entry.created_at,
        ended_at=entry.ended_at,
    )
    body = WebhookEvent(type=kind, timestamp=entry.ended_at, data=data).to_body()
    webhook_id = webhook_id_for(table_id, entry.job_id)
    return WebhookDelivery(webhook_id=webhook_id, job_id=entry.job_id, table_id=table_id, type=kind, body=body)


def _error_of(kind: WebhookType, entry: OutboxEntry) -> EventError | None:
    """Of a failed job, and of one that was cancelled for a reason that its row names."""
    named = kind is WebhookType.FAILED or (kind is WebhookType.CANCELLED and entry.error)
    return event_error(entry.error, entry.result) if named else None


def _tenant_of(metadata: str | None) -> str | None:
    found = parsed_json(metadata)
    tenant = found.get("tenant") if isinstance(found, dict) else None
    return tenant[:_MAX_TENANT] if isinstance(tenant, str) else None
