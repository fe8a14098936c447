"""HTTP endpoints: liveness (`/healthz`), readiness (`/readyz`), metrics, wake."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from audioprep.http.access import Access, is_secret
from audioprep.http.token_bucket import TokenBucket
from audioprep.service.health import Health


@dataclass(frozen=True, slots=True)
class HealthSource:
    """How it fares, its numbers in Prometheus' text format, and how it is woken. A part may lack the last two.

    `wake` takes the name of a database, None without one, and says whether there is anything to wake.
    """

    health: Health
    metrics: Callable[[], Awaitable[bytes]] | None = None
    wake: Callable[[str | None], bool] | None = None


MAX_BODY: Final = 1024  # bytes; nothing we accept has a body worth reading
WAKE_HEADER: Final = "X-Audioprep-Wake"
_WAKES: Final = 10  # at once; every one costs a look at the table
_WAKES_PER_SECOND: Final = 5.0
_NAMED_WAKES: Final = 200  # at once, of one of many databases
_NAMED_WAKES_PER_SECOND: Final = 100.0
_SCRAPES: Final = 100  # at once; every one costs some milliseconds of the event loop
_SCRAPES_PER_SECOND: Final = 10.0


class Endpoints:
    """Answers for all parts together. `metrics_token` is needed for numbers and reasons, `wake_secret` to wake."""

    def __init__(self, parts: Sequence[HealthSource], wake_secret: str | None, metrics_token: str | None) -> None:
        self._parts = parts
        self._wake_secret = wake_secret
        self._access = Access(metrics_token)
        self._wakes = TokenBucket(_WAKES, _WAKES_PER_SECOND)
        self._named_wakes = TokenBucket(_NAMED_WAKES, _NAMED_WAKES_PER_SECOND)
        self._scrapes = TokenBucket(_SCRAPES, _SCRAPES_PER_SECOND)

    def mount(self, router: web.UrlDispatcher) -> None:
        """Give each answer its path."""
        router.add_get("/healthz", self.healthz)
        router.add_get("/readyz", self.readyz)
        router.add_get("/metrics", self.metrics)
        router.add_post("/wake", self.wake)

    async def healthz(self, request: web.Request) -> web.Response:
        """200 while every part does its work; 503 with the services that have not for a while."""
        problems = [part.health.problems() for part in self._parts]
        return _verdict(problems, detailed=self._access.allows(request))

    async def readyz(self, request: web.Request) -> web.Response:
        """200 when the last run of every service succeeded."""
        unready = [part.health.unready() for part in self._parts]
        return _verdict(unready, detailed=self._access.allows(request))

    async def metrics(self, request: web.Request) -> web.Response:
        """For Prometheus. Limited to a rate, for those that are let in."""
        if not self._access.allows(request):
            challenge = {"WWW-Authenticate": "Bearer"}
            return web.json_response({"ok": False}, status=HTTPStatus.UNAUTHORIZED, headers=challenge)
        if not self._scrapes.take():
            return _too_many(self._scrapes)
        texts = await asyncio.gather(*(part.metrics() for part in self._parts if part.metrics is not None))
        return web.Response(body=b"".join(texts), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def wake(self, request: web.Request) -> web.Response:
        """Look for new rows at once, in one of many databases by `?database=NAME`.

        Needs the shared secret in its header; without one configured, all are refused.

        A caller with the secret is held to a rate. One without it is refused before that, and uses up none of it.
        """
        if (request.content_length or 0) > MAX_BODY:
            return web.json_response({"ok": False}, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not self._wake_secret or not is_secret(request.headers.get(WAKE_HEADER, ""), self._wake_secret):
            return web.json_response({"ok": False}, status=HTTPStatus.FORBIDDEN)
        database = request.query.get("database")
        bucket = self._wakes if database is None else self._named_wakes
        if not bucket.take():
            return _too_many(bucket)
        # A worker has nothing to wake, and a bridge that is still connecting will look by itself.
        woken = [part.wake(database) for part in self._parts if part.wake is not None]
        status = HTTPStatus.ACCEPTED if any(woken) else HTTPStatus.NOT_FOUND
        return web.json_response({"ok": any(woken)}, status=status)


def _verdict(found: Sequence[Mapping[str, str]], *, detailed: bool) -> web.Response:
    """The names of services that are not well. Reasons may name hosts and tables: they are for the operator alone."""
    reasons = {service: reason for part in found for service, reason in part.items()}
    answer: dict[str, object] = {"ok": not reasons, "services": list(reasons)}
    if detailed:
        answer["reasons"] = list(reasons.values())
    return web.json_response(answer, status=HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK)


def _too_many(bucket: TokenBucket) -> web.Response:
    wait = {"Retry-After": str(math.ceil(bucket.wait))}
    return web.json_response({"ok": False}, status=HTTPStatus.TOO_MANY_REQUESTS, headers=wait)
