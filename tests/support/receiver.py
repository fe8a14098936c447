"""A receiver of webhooks, as an app has one: it verifies signatures with the reference library."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.support.processes import free_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the example of the specification


@dataclass
class WebhookReceiver:
    """`answers` are the statuses of the next requests, in their order; then those that `choose` gives, or else 204.
    `down` breaks every connection.

    `accepted` holds the events whose request was answered with 2xx, by webhook id, `gone` those answered with 410;
    `forged` counts what did not verify.
    """

    port: int
    answers: list[int] = field(default_factory=list)
    choose: Callable[[], int] | None = None
    down: bool = False
    hung_up: int = 0
    retry_after: str = "1"
    secret: str = SECRET
    requests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    accepted: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    gone: list[dict[str, Any]] = field(default_factory=list)
    forged: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=confidential"

    @property
    def env(self) -> dict[str, str]:
        """What a deployment needs to deliver here."""
        return {
            "AUDIOPREP_WEBHOOK_URL": self.url,
            "AUDIOPREP_WEBHOOK_SECRET": self.secret,
            "AUDIOPREP_WEBHOOK_ALLOW_PRIVATE": "1",
        }

    def events(self) -> Iterable[dict[str, Any]]:
        return (event for events in self.accepted.values() for event in events)

    def of_job(self, job_id: str) -> list[dict[str, Any]]:
        return [event for event in self.events() if event["data"]["jobId"] == job_id]

    async def handle(self, request: web.Request) -> web.Response:
        if self.down and request.transport:
            self.hung_up += 1
            request.transport.close()
            return web.Response()
        body = await request.read()
        try:
            event = Webhook(self.secret).verify(body, dict(request.headers))
        except WebhookVerificationError:
            self.forged += 1
            return web.Response(status=401)
        webhook_id = request.headers["webhook-id"]
        self.requests[webhook_id] += 1
        status = self.answers.pop(0) if self.answers else self.choose() if self.choose else 204
        self.statuses[status] += 1
        if status < 300:
            self.accepted.setdefault(webhook_id, []).append(event)
        elif status == 410:
            self.gone.append(event)
        headers = {"Retry-After": self.retry_after} if status == 429 else None
        return web.Response(status=status, headers=headers)


@asynccontextmanager
async def open_receiver() -> AsyncIterator[WebhookReceiver]:
    """Listens on loopback until the block ends."""
    receiver = WebhookReceiver(free_port())
    app = web.Application()
    app.router.add_post("/hook", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", receiver.port).start()
    try:
        yield receiver
    finally:
        await runner.cleanup()
