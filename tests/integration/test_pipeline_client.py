"""What the transport makes of a server that misbehaves: two kinds of error, and never a hang."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from audioprep.bridge.database import pipeline_client
from audioprep.bridge.database.database import open_database
from audioprep.bridge.database.database_url import endpoint_of
from audioprep.bridge.database.errors import (
    AnswerTooLarge,
    DatabaseError,
    DatabaseRefused,
    DatabaseUnavailable,
    StatementRefused,
)
from audioprep.bridge.database.pipeline_client import PipelineClient
from tests.support.processes import free_port

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/v2/pipeline", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


def answering(status: int, body: str = "", content_type: str = "text/plain") -> Handler:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type=content_type)

    return handle


GATEWAY = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>\r\n"
EXPIRED = '{"error":"Unauthorized: `The JWT has expired`"}'
GONE = '{"error":"Namespace `x` does not exist"}'


RESULT = {"cols": [], "rows": [], "affected_row_count": 0, "rows_read": 7, "rows_written": 2}
OK = {"type": "ok", "response": {"type": "execute", "result": RESULT}}


def refusing(code: str, message: str) -> Handler:
    error = {"type": "error", "error": {"message": message, "code": code}}

    async def handle(_: web.Request) -> web.Response:
        return web.json_response({"results": [error]})

    return handle


@pytest.mark.parametrize(
    ("handler", "error", "says"),
    [
        (answering(401), DatabaseRefused, "TURSO_AUTH_TOKEN"),
        (answering(403), DatabaseRefused, "TURSO_AUTH_TOKEN"),
        (answering(404), DatabaseRefused, "TURSO_DATABASE_URL"),
        (answering(401, EXPIRED, "application/json"), DatabaseRefused, "The JWT has expired"),
        (answering(404, GONE, "application/json"), DatabaseRefused, "Namespace `x` does not exist"),
        (answering(502, GATEWAY, "text/html"), DatabaseUnavailable, r"^The database answered 502\.$"),
        (answering(400, "bad body"), StatementRefused, "bad body"),
        (answering(413), StatementRefused, "413"),
        (answering(408), DatabaseUnavailable, "408"),
        (answering(429), DatabaseUnavailable, "429"),
        (answering(500, "oops"), DatabaseUnavailable, "oops"),
        (answering(503), DatabaseUnavailable, "503"),
        (answering(200, "not json"), DatabaseUnavailable, "protocol"),
        (answering(200, GATEWAY, "text/html"), DatabaseUnavailable, "protocol"),
        (answering(200, "[]", "application/json"), DatabaseUnavailable, "protocol"),
        (answering(200, '{"results": []}', "application/json"), DatabaseUnavailable, "protocol"),
        (refusing("SQLITE_BUSY", "database is locked"), DatabaseUnavailable, "busy"),
        (refusing("SQL_PARSE_ERROR", "near x"), StatementRefused, "near x"),
        (refusing("SQLITE_READONLY", "attempt to write"), DatabaseRefused, "cannot be used"),
        (refusing("BLOCKED", "Operation was blocked: upgrade your plan"), DatabaseRefused, "upgrade your plan"),
        (refusing("RESPONSE_TOO_LARGE", "Response is too large"), AnswerTooLarge, "larger than it allows"),
        (refusing("SQLITE_UNKNOWN", "no such table: audio_prep_jobs"), DatabaseRefused, "audioprep migrate"),
    ],
)
async def test_answers_become_our_errors(handler: Handler, error: type[DatabaseError], says: str) -> None:
    async with server(handler) as url, open_database(url) as client:
        with pytest.raises(error, match=says) as raised:
            await client.execute("SELECT 1")

    assert isinstance(raised.value, StatementRefused) is issubclass(error, StatementRefused)
    assert "<" not in str(raised.value)
    assert "\n" not in str(raised.value)


async def test_a_server_that_is_not_there() -> None:
    async with open_database(f"http://127.0.0.1:{free_port()}") as client:
        with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
            await client.execute("SELECT 1")


async def test_a_frozen_server_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline_client, "CALL_TIMEOUT", 0.2)
    thawed = asyncio.Event()

    async def freeze(_: web.Request) -> web.Response:
        await thawed.wait()
        return web.Response()

    async with server(freeze) as url, open_database(url) as client:
        with pytest.raises(DatabaseUnavailable, match="no answer in time"):
            await asyncio.wait_for(client.execute("SELECT 1"), 5)
        thawed.set()


async def test_a_connection_that_breaks_off() -> None:
    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with server(hang_up) as url, open_database(url) as client:
        with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
            await client.execute("SELECT 1")


async def test_a_busy_server_is_asked_again() -> None:
    answers = iter([refusing("SQLITE_BUSY", "locked")] * 2)

    async def handle(request: web.Request) -> web.StreamResponse:
        handler = next(answers, None)
        if handler:
            return await handler(request)
        return web.json_response({"results": [OK]})

    async with server(handle) as url, open_database(url) as client:
        await client.execute("SELECT 1")

        assert isinstance(client, PipelineClient)
        assert (client.rows.read, client.rows.written) == (7, 2)


async def test_the_token_is_sent_and_only_when_there_is_one() -> None:
    seen: list[str | None] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization"))
        return web.Response(status=500)

    async with server(handle) as url:
        for token in (None, "t0ken"):
            async with open_database(url, token) as client:
                with pytest.raises(DatabaseUnavailable):
                    await client.execute("SELECT 1")

    assert seen == [None, "Bearer t0ken"]


async def test_concurrent_requests_are_bounded_and_waiting_is_untimed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline_client, "CALL_TIMEOUT", 1.0)
    under_way, most = 0, 0

    async def slow(_: web.Request) -> web.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.1)
        under_way -= 1
        return web.json_response({"results": [OK]})

    async with server(slow) as url, open_database(url, max_calls=2) as client:
        await asyncio.gather(*(client.execute("SELECT 1") for _ in range(40)))  # 2 s of turns

    assert most == 2


@pytest.mark.parametrize(
    ("url", "endpoint", "authorization"),
    [
        ("libsql://db.turso.io", "https://db.turso.io/v2/pipeline", None),
        ("libsql://db.turso.io?authToken=abc", "https://db.turso.io/v2/pipeline", "Bearer abc"),
        ("libsql://127.0.0.1:8080?tls=0", "http://127.0.0.1:8080/v2/pipeline", None),
        ("https://db.turso.io/", "https://db.turso.io/v2/pipeline", None),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v2/pipeline", None),
        ("http://[::1]:8080/name", "http://[::1]:8080/name/v2/pipeline", None),
        ("wss://db.turso.io", "https://db.turso.io/v2/pipeline", None),
        # As in RFC 7617, section 2.
        ("http://Aladdin:open%20sesame@a", "http://a/v2/pipeline", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    ],
)
def test_urls(url: str, endpoint: str, authorization: str | None) -> None:
    found = endpoint_of(url)

    assert (found.url, found.authorization) == (endpoint, authorization)


async def test_an_unknown_scheme_is_named() -> None:
    with pytest.raises(ValueError, match="expected file:, libsql:, https: or http:"):
        async with open_database("postgres://x"):
            pass
