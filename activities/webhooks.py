"""Delivery of webhooks: one signed POST to the operator's receiver, through the guarded connector."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Final

import aiohttp
from temporalio import activity

from audioprep.activities.download.address_policy import AddressPolicy, AddressRefused
from audioprep.activities.download.host_limiter import HostLimiter
from audioprep.activities.download.http_status import parse_retry_after
from audioprep.activities.download.session import open_session
from audioprep.activities.download.urls import parse_url
from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError
from audioprep.jobs.text.hosts import site_of
from audioprep.jobs.webhooks.event import MAX_TRY, WebhookDelivery, WebhookReceipt
from audioprep.jobs.webhooks.signature import sign

_AT_ONCE: Final = 2  # deliveries of one worker under way: a receiver that hangs must not take all slots for downloads
_LONGEST_RETRY_AFTER: Final = timedelta(hours=12)
_NO_RECEIVER: Final = "This worker has no AUDIOPREP_WEBHOOK_URL and AUDIOPREP_WEBHOOK_SECRET: another one may have."


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where webhooks go. The first of `secrets` is the newest; all of them sign."""

    url: str = field(repr=False)  # its query may hold a token
    secrets: tuple[bytes, ...] = field(repr=False)
    policy: AddressPolicy = field(default_factory=AddressPolicy)

    async def post(self, webhook_id: str, body: str) -> int:
        """Send one webhook; returns the status of an answer that accepts it, 200 to 299.

        Raises PermanentError for 410, TransientError for every other answer and for none.
        """
        url = parse_url(self.url)
        timestamp = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "audioprep",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self.secrets, webhook_id, timestamp, body),
        }
        host = url.host or ""
        try:
            self.policy.check_host(host)
            async with (
                asyncio.timeout(MAX_TRY.total_seconds()),
                open_session(self.policy) as session,
                session.post(url, data=body.encode(), headers=headers, allow_redirects=False) as answer,
            ):
                status, wait = answer.status, answer.headers.get("Retry-After")
        except (OSError, aiohttp.ClientError) as error:
            raise _explain(error, host) from None
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return status
        raise _refused(status, host, wait)


class WebhookActivities:
    """The step of a delivery. Without a receiver every attempt fails, for another worker to succeed."""

    def __init__(self, receiver: Receiver | None) -> None:
        self._receiver = receiver
        self._limit = HostLimiter(_AT_ONCE)

    @activity.defn(name="audioprep.deliver_webhook")
    async def deliver_webhook(self, delivery: WebhookDelivery) -> WebhookReceipt:
        """One attempt. It sends no heartbeat: it takes seconds, and ends by its own time limit."""
        if self._receiver is None:
            raise TransientError(ErrorKind.REFUSED, _NO_RECEIVER)
        async with self._limit.slot(site_of(self._receiver.url)):
            try:
                status = await self._receiver.post(delivery.webhook_id, delivery.body)
            except JobError:
                _count("failed")
                raise
        _count("accepted")
        return WebhookReceipt(status=status, attempt=activity.info().attempt)


def _count(outcome: str) -> None:
    """Through the SDK's meter: it knows the task queue, and costs nothing while metrics are off."""
    attempts = activity.metric_meter().create_counter("audioprep_webhook_attempts", "Attempts to deliver a webhook")
    attempts.add(1, {"outcome": outcome})


def _refused(status: int, host: str, retry_after: str | None) -> JobError:
    if status == HTTPStatus.GONE:
        sentence = f"{host} wants this webhook no more (HTTP 410)."
        return PermanentError(ErrorKind.REFUSED, sentence)
    wait = parse_retry_after(retry_after, at_most=_LONGEST_RETRY_AFTER)
    return TransientError(ErrorKind.NETWORK, f"{host} did not accept the webhook (HTTP {status}).", retry_after=wait)


def _explain(error: OSError | aiohttp.ClientError, host: str) -> TransientError:
    """Every one may pass, also what an operator has to put right: a delivery has days."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, AddressRefused):
        sentence = f"{host} does not lead to a public address: see AUDIOPREP_WEBHOOK_ALLOW_PRIVATE."
        return TransientError(ErrorKind.REFUSED, sentence)
    if isinstance(error, aiohttp.ClientSSLError):
        return TransientError(ErrorKind.REFUSED, f"{host} has no valid TLS certificate.")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return TransientError(ErrorKind.NETWORK, f"The name {host} could not be resolved.")
    if isinstance(error, TimeoutError):
        return TransientError(ErrorKind.NETWORK, f"{host} did not answer in time.")
    return TransientError(ErrorKind.NETWORK, f"The connection to {host} failed.")
