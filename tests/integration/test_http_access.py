"""Who may read numbers and reasons, and what a flood of connections does to the others."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest

from audioprep.http import server
from audioprep.http.endpoints import WAKE_HEADER, HealthSource
from audioprep.http.server import MAX_CONNECTIONS, http_server
from audioprep.service.health import Health
from tests.support.processes import free_port
from tests.support.waiting import eventually

TOKEN = "a token"  # noqa: S105 - made up
REASON = "The database at db.internal:8080 cannot be reached"
PUBLIC = {"Host": "audio.example"}


@pytest.fixture
def health() -> Health:
    health = Health()
    health.watch("claimer").failed(REASON)
    return health


@pytest.fixture
async def port(health: Health) -> AsyncIterator[int]:
    async def numbers() -> bytes:
        return b"numbers 1\n"

    port = free_port()
    async with http_server([HealthSource(health, metrics=numbers)], "127.0.0.1", port, wake_secret="sesame"):  # noqa: S106
        yield port


@pytest.fixture
async def guarded(health: Health) -> AsyncIterator[int]:
    async def numbers() -> bytes:
        return b"numbers 1\n"

    port = free_port()
    async with http_server([HealthSource(health, metrics=numbers)], "127.0.0.1", port, metrics_token=TOKEN):
        yield port


async def _get(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    url = f"http://127.0.0.1:{port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, await answer.text()


async def _send(port: int, head: bytes) -> bytes:
    """The first line of the answer to bytes that no HTTP client would send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    try:
        return await asyncio.wait_for(reader.readline(), 5)
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:80"}, 200),
        ({"Host": "[::1]:80"}, 200),
        (PUBLIC, 401),
        ({"Host": "127.0.0.1.evil.example"}, 401),
        ({"X-Forwarded-For": "192.0.2.1"}, 401),
        ({"Forwarded": "for=192.0.2.1"}, 401),
        ({"Authorization": "Bearer "}, 200),
        (PUBLIC | {"Authorization": "Bearer "}, 401),
    ],
    ids=[
        "from this machine: numbers",
        "by the name of this machine: numbers",
        "by its IPv6 address: numbers",
        "under another name (DNS rebinding): refused",
        "under a name that begins like an address: refused",
        "through a reverse proxy: refused",
        "through a reverse proxy of the standard: refused",
        "an empty token from this machine: numbers",
        "an empty token from elsewhere: refused",
    ],
)
async def test_without_a_token_only_this_machine_reads(port: int, headers: dict[str, str], status: int) -> None:
    assert (await _get(port, "/metrics", headers))[0] == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"Authorization": f"bearer  {TOKEN}"}, 200),
        (PUBLIC | {"X-Forwarded-For": "192.0.2.1", "Authorization": f"Bearer {TOKEN}"}, 200),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"Authorization": "Bearer a toke"}, 401),
        ({"Authorization": "Bearer ä token"}, 401),
        ({"Authorization": ""}, 401),
    ],
    ids=[
        "this machine without the token: refused",
        "the token: numbers",
        "the scheme in lower case: numbers",
        "the token through a reverse proxy: numbers",
        "the token in another scheme: refused",
        "a part of the token: refused",
        "other bytes: refused",
        "an empty header: refused",
    ],
)
async def test_with_a_token_every_request_needs_it(guarded: int, headers: dict[str, str], status: int) -> None:
    assert (await _get(guarded, "/metrics", headers))[0] == status


async def test_a_flood_of_scrapes_is_held_to_a_rate(port: int) -> None:
    statuses = [(await _get(port, "/metrics"))[0] for _ in range(200)]

    assert statuses[:100] == [200] * 100
    assert statuses[-1] == 429


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_reasons_are_for_the_operator(
    port: int, guarded: int, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = time.monotonic() + 60
    monkeypatch.setattr("audioprep.service.health.time.monotonic", lambda: later)

    public = await _get(port, path, PUBLIC)
    local = await _get(port, path)
    told = await _get(guarded, path, {"Authorization": f"Bearer {TOKEN}"})
    untold = await _get(guarded, path)

    assert public == untold == (503, '{"ok": false, "services": ["claimer"]}')
    assert local[0] == told[0] == 503
    assert REASON in local[1]
    assert REASON in told[1]


@pytest.mark.parametrize("name", [WAKE_HEADER, "Authorization", "Host"])
async def test_any_bytes_in_a_header_are_refused_quietly(
    port: int, guarded: int, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    host = b"" if name == "Host" else b"Host: x\r\n"
    head = host + f"{name}: ".encode() + bytes(range(128, 256)) + b"\r\n\r\n"

    answers = [
        await _send(port, b"POST /wake HTTP/1.1\r\nContent-Length: 0\r\n" + head),
        await _send(guarded, b"GET /metrics HTTP/1.1\r\n" + head),
    ]

    assert [answer.split()[1] for answer in answers] == [b"403", b"401"]
    assert caplog.text == ""


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET /" + b"x" * 9000 + b"\r\n\r\n",
    ],
    ids=["no header", "a TLS handshake", "a long line"],
)
async def test_malformed_requests_are_no_log_lines(port: int, head: bytes, caplog: pytest.LogCaptureFixture) -> None:
    assert b" 400 " in await _send(port, head)
    assert caplog.text == ""


@pytest.mark.parametrize(
    "said",
    [b"", b"GET /healthz HTTP/1.1\r\nX: ", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"],
    ids=["silent: closed", "half a head: closed", "kept alive after an answer: closed"],
)
async def test_an_idle_connection_is_closed(health: Health, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(server, "IDLE_TIMEOUT", 0.2)
    port = free_port()
    async with http_server([HealthSource(health)], "127.0.0.1", port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)

        await asyncio.wait_for(reader.read(), 5)  # ends when the server closes
        writer.close()


async def test_silent_connections_make_way_for_a_request(port: int, caplog: pytest.LogCaptureFixture) -> None:
    async with AsyncExitStack() as stack:
        silent = []
        for _ in range(3 * MAX_CONNECTIONS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.callback(writer.close)
            silent.append(reader)

        assert (await asyncio.wait_for(_get(port, "/healthz"), 5))[0] == 200

        async def bounded() -> bool:
            return sum(not reader.at_eof() for reader in silent) <= MAX_CONNECTIONS

        await eventually(bounded, within=5, what="a bound on open connections")
    assert caplog.text == ""
