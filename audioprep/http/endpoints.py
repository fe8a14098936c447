"""`/healthz`, `/readyz`, `/metrics`, `/wake`."""

import asyncio
import hmac
import math
from collections.abc import Sequence

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from audioprep.http.part import Part
from audioprep.http.token_bucket import TokenBucket

MAX_BODY = 1024  # bytes; nothing we accept has a body worth reading
_WAKES = 10  # at once; every one costs a look at the table
_WAKES_PER_SECOND = 5.0
WAKE_HEADER = "X-Audioprep-Wake"


class Endpoints:
    """Answers for all parts together."""

    def __init__(self, parts: Sequence[Part], wake_secret: str | None) -> None:
        self._parts = parts
        self._wake_secret = wake_secret
        self._wakes = TokenBucket(_WAKES, _WAKES_PER_SECOND)

    async def healthz(self, _: web.Request) -> web.Response:
        """200 while every part does its work; 503 with the reasons when one has not for a while."""
        return _verdict([complaint for part in self._parts for complaint in part.health.complaints()])

    async def readyz(self, _: web.Request) -> web.Response:
        """200 when the last run of every service succeeded."""
        return _verdict([reason for part in self._parts for reason in part.health.unready()])

    async def metrics(self, _: web.Request) -> web.Response:
        """For Prometheus."""
        texts = await asyncio.gather(*(part.metrics() for part in self._parts if part.metrics is not None))
        return web.Response(body=b"".join(texts), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def wake(self, request: web.Request) -> web.Response:
        """Look for new rows at once. Needs the shared secret in its header; without one configured, nobody may.

        Who has the secret is held to a rate. Who has not is turned away before that, and takes no one's turn.
        """
        if (request.content_length or 0) > MAX_BODY:
            return web.json_response({"ok": False}, status=413)
        given = request.headers.get(WAKE_HEADER, "")
        if not self._wake_secret or not hmac.compare_digest(given.encode(), self._wake_secret.encode()):
            return web.json_response({"ok": False}, status=403)
        if not self._wakes.take():
            wait = {"Retry-After": str(math.ceil(self._wakes.wait))}
            return web.json_response({"ok": False}, status=429, headers=wait)
        sleepers = [part.wake for part in self._parts if part.wake is not None]
        for wake in sleepers:
            wake()
        # A worker has nothing to wake, and a bridge that is still connecting will look by itself.
        return web.json_response({"ok": bool(sleepers)}, status=202 if sleepers else 404)


def _verdict(reasons: list[str]) -> web.Response:
    return web.json_response({"ok": not reasons, "reasons": reasons}, status=503 if reasons else 200)
