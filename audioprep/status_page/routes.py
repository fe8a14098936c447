"""Routes of the status page: a password, a bound on attempts and requests, forms that only the page itself can send."""

import base64
import binascii
import hashlib
import hmac
import math
from http import HTTPStatus
from importlib.resources import files
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from audioprep.bridge.database.errors import DatabaseError
from audioprep.http.access import is_secret
from audioprep.http.token_bucket import TokenBucket
from audioprep.jobs.text.redaction import scrub
from audioprep.jobs.timestamps import utc_now
from audioprep.status_page.markup import PATH, job_page, message_page, overview_page
from audioprep.status_page.source import StatusSource

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_STYLE: Final = files(__package__).joinpath("style.css").read_text("utf-8")
_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="audioprep", charset="UTF-8"'}
_ATTEMPTS, _ATTEMPTS_PER_SECOND = 10, 0.2  # wrong passwords, from all clients together
_REQUESTS, _REQUESTS_PER_SECOND = 40, 5.0  # each costs some reads of the table


class StatusPage:
    """Answers once a bridge has attached what it knows; until then, and where it serves many tables, it says so."""

    def __init__(self, password: str) -> None:
        self._password = password
        self._source: StatusSource | None = None
        self._attempts = TokenBucket(_ATTEMPTS, _ATTEMPTS_PER_SECOND)
        self._requests = TokenBucket(_REQUESTS, _REQUESTS_PER_SECOND)

    def attach(self, source: StatusSource) -> None:
        self._source = source

    def mount(self, router: web.UrlDispatcher) -> None:
        router.add_get(PATH, self._guarded(self._overview))
        router.add_get(f"{PATH}/style.css", self._style)
        router.add_get(f"{PATH}/job", self._guarded(self._job))
        router.add_post(f"{PATH}/job", self._guarded(self._act))

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not is_secret(_password_of(request), self._password):
                if not self._attempts.take():
                    return _too_many(self._attempts)
                return _page(message_page("The password is needed."), HTTPStatus.UNAUTHORIZED, _CHALLENGE)
            if not self._requests.take():
                return _too_many(self._requests)
            try:
                return await handler(request)
            except DatabaseError as error:
                return _page(message_page(scrub(str(error))), HTTPStatus.SERVICE_UNAVAILABLE)

        return guarded

    async def _style(self, _request: web.Request) -> web.Response:
        return web.Response(text=_STYLE, content_type="text/css", headers=_HEADERS)

    async def _overview(self, _request: web.Request) -> web.Response:
        if self._source is None:
            return _unattached()
        overview, jobs = await self._source.overview()
        return _page(overview_page(overview, jobs, utc_now()))

    async def _job(self, request: web.Request) -> web.Response:
        return await self._show(request.query.get("id", ""))

    async def _show(self, job_id: str, said: str = "", status: HTTPStatus = HTTPStatus.OK) -> web.Response:
        if self._source is None:
            return _unattached()
        found = await self._source.job(job_id)
        if found is None:
            return _page(message_page("There is no such job."), HTTPStatus.NOT_FOUND)
        return _page(job_page(found, self._token(job_id), utc_now(), said), status)

    async def _act(self, request: web.Request) -> web.Response:
        """Cancel or retry. The token is the page's own: another site's form cannot know it (CSRF)."""
        if self._source is None:
            return _unattached()
        job_id, form = request.query.get("id", ""), await request.post()
        if not is_secret(str(form.get("token", "")), self._token(job_id)):
            return _page(message_page("The form is not of this page."), HTTPStatus.FORBIDDEN)
        match form.get("action"):
            case "cancel":
                won = await self._source.cancel(job_id)
                return await self._done(job_id, job_id if won else None, "The job is finished already.")
            case "retry":
                new_id = await self._source.retry(job_id)
                return await self._done(job_id, new_id, "The job cannot be retried, or was already.")
            case _:
                return _page(message_page("There is no such action."), HTTPStatus.BAD_REQUEST)

    async def _done(self, job_id: str, next_id: str | None, lost: str) -> web.Response:
        """To the job that is concerned now; the loser of a race is told."""
        if next_id is None:
            return await self._show(job_id, lost, HTTPStatus.CONFLICT)
        place = str(URL(f"{PATH}/job").with_query(id=next_id))
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={**_HEADERS, "Location": place})

    def _token(self, job_id: str) -> str:
        key = hashlib.sha256(b"audioprep status page\0" + self._password.encode("utf-8", "surrogateescape")).digest()
        return hmac.new(key, job_id.encode("utf-8", "surrogateescape"), "sha256").hexdigest()


def _password_of(request: web.Request) -> str:
    """Of HTTP's basic authentication; the user's name does not matter."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    try:
        decoded = base64.b64decode(given.strip(), validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return ""
    return decoded.partition(":")[2] if scheme.lower() == "basic" else ""


def _page(body: str, status: HTTPStatus = HTTPStatus.OK, more: dict[str, str] | None = None) -> web.Response:
    headers = _HEADERS | (more or {})
    return web.Response(text=body, status=status, content_type="text/html", charset="utf-8", headers=headers)


def _unattached() -> web.Response:
    sentence = "The bridge is not ready yet, or serves many databases: `audioprep doctor` on one of them says more."
    return _page(message_page(sentence), HTTPStatus.SERVICE_UNAVAILABLE)


def _too_many(bucket: TokenBucket) -> web.Response:
    wait = {"Retry-After": str(math.ceil(bucket.wait))}
    return _page(message_page("Too many requests: wait a moment."), HTTPStatus.TOO_MANY_REQUESTS, wait)
