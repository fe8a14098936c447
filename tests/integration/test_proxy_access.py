"""The egress proxy serves one run: without its password a process gets nothing, and takes nothing from that run."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from audioprep.activities.download import egress_proxy, tunnel
from audioprep.activities.download.proxy_request import ProxyStats
from tests.support.audio import make_audio
from tests.support.fake_network import INTERNAL, PUBLIC, StagedPolicy
from tests.support.raw_site import HEAD, dripping, open_raw_site, said
from tests.support.site import open_site
from tests.support.waiting import eventually

BUDGET = 10_000_000


@asynccontextmanager
async def opened(traffic: ProxyStats | None = None) -> AsyncIterator[str]:
    async with egress_proxy.egress_proxy(StagedPolicy(), traffic or ProxyStats(BUDGET)) as proxy:
        yield proxy


async def connect(proxy: str, target: str = "", *, password: str | None = None) -> tuple[Any, ...]:
    """A connection on which a tunnel is asked for, if there is a target."""
    parts = urlsplit(proxy)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    if target:
        credentials = base64.b64encode(f"{parts.username}:{password or parts.password}".encode()).decode()
        writer.write(f"CONNECT {target} HTTP/1.1\r\nProxy-Authorization: Basic {credentials}\r\n\r\n".encode())
    return reader, writer


@pytest.mark.parametrize("credentials", ["", "audioprep:wrong@", "other:{password}@"], ids=["none", "wrong", "another"])
async def test_other_processes_are_refused(tmp_path: Path, credentials: str) -> None:
    make_audio(tmp_path / "tone.mp3", 3)
    traffic = ProxyStats(BUDGET)
    async with open_site(tmp_path) as site, opened(traffic) as proxy, aiohttp.ClientSession() as session:
        parts = urlsplit(proxy)
        theirs = f"http://{credentials.format(password=parts.password)}{parts.hostname}:{parts.port}"
        for url in (site.url("file/tone.mp3"), f"http://{INTERNAL}:1/"):
            async with session.get(url, proxy=theirs) as answer:
                assert answer.status == 407
                assert answer.headers["Proxy-Authenticate"].startswith("Basic ")
        with pytest.raises(aiohttp.ClientHttpProxyError, match="407"):
            await session.get(f"https://{INTERNAL}:1/", proxy=theirs)

    assert (traffic.refused, traffic.unreachable, traffic.budget) == (None, None, BUDGET)
    assert not site.hits


async def test_the_password_stays_at_the_proxy() -> None:
    heads = []

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        await said(HEAD + b"Content-Length: 3\r\n\r\nabc")(writer)
        writer.close()

    server = await asyncio.start_server(visit, PUBLIC, 0)
    url = f"http://{PUBLIC}:{server.sockets[0].getsockname()[1]}/"
    async with (
        server,
        opened() as proxy,
        aiohttp.ClientSession() as session,
        session.get(url, proxy=proxy) as answer,
    ):
        assert await answer.read() == b"abc"

    assert b"authorization" not in heads[0].lower()


async def test_silent_connections_make_room(tmp_path: Path) -> None:
    make_audio(tmp_path / "tone.mp3", 3)
    async with open_site(tmp_path) as site, opened() as proxy, aiohttp.ClientSession() as session:
        silent = [await connect(proxy) for _ in range(3 * egress_proxy.MAX_WAITING)]
        async with session.get(site.url("file/tone.mp3"), proxy=proxy) as answer:
            content = await answer.read()
        for _, writer in silent:
            writer.close()

    assert content == (tmp_path / "tone.mp3").read_bytes()


async def test_a_silent_connection_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress_proxy, "HEAD_TIMEOUT", 0.2)
    async with opened() as proxy:
        reader, writer = await connect(proxy)

        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_tunnels_that_clients_have_left_hold_no_place() -> None:
    async with open_raw_site(dripping(b"", b"", 60)) as site, opened() as proxy:
        target = urlsplit(site).netloc
        answers = []
        for _ in range(2 * egress_proxy.MAX_CONNECTIONS):
            reader, writer = await connect(proxy, target)
            answers.append(await asyncio.wait_for(reader.read(100), 5))
            writer.close()

    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)


async def test_more_tunnels_than_a_run_may_have_are_refused() -> None:
    async with open_raw_site(dripping(b"", b"", 60)) as site, opened() as proxy:
        target = urlsplit(site).netloc
        tunnels = [await connect(proxy, target) for _ in range(egress_proxy.MAX_CONNECTIONS)]
        established = [await reader.read(100) for reader, _ in tunnels]
        reader, writer = await connect(proxy, target)
        answer = await reader.read(100)
        for _, each in [*tunnels, (reader, writer)]:
            each.close()

    assert all(each.startswith(b"HTTP/1.1 200 ") for each in established)
    assert answer.startswith(b"HTTP/1.1 503 ")


async def test_what_comes_after_the_clients_end_still_arrives() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        for _ in range(10):
            await asyncio.sleep(0.1)
            await said(b"abc")(writer)

    async with open_raw_site(answer) as site, opened() as proxy:
        reader, writer = await connect(proxy, urlsplit(site).netloc)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        writer.write_eof()

        assert await asyncio.wait_for(reader.read(), 10) == b"abc" * 10
        writer.close()


async def test_an_idle_tunnel_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel, "IDLE_TIMEOUT", 0.3)
    async with open_raw_site(dripping(b"", b"", 60)) as site, opened() as proxy:
        reader, writer = await connect(proxy, urlsplit(site).netloc)
        await reader.readuntil(b"\r\n\r\n")

        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_open_connections_end_without_noise(caplog: pytest.LogCaptureFixture) -> None:
    async with open_raw_site(dripping(HEAD, b"x", 0.01)) as site:
        async with opened() as proxy:
            silent = await connect(proxy)
            joined = await connect(proxy, urlsplit(site).netloc)
            await joined[0].readuntil(b"\r\n\r\n")
        for reader, writer in (silent, joined):
            await eventually(lambda reader=reader: _ended(reader), what="end of a connection")  # type: ignore[misc]
            writer.close()

    assert caplog.records == []


async def _ended(reader: asyncio.StreamReader) -> bool:
    try:
        await asyncio.wait_for(reader.read(1000), 1)
    except OSError:
        return True
    return reader.at_eof()
