"""Nothing reaches an internal service: neither a download, nor yt-dlp, nor anything that goes through the proxy.

127.0.0.1 plays the public internet, 127.0.0.2 an internal service that counts its visitors.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver
from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import DownloadedFile
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.address_policy import AddressRefused, NetworkRules
from audioprep.activities.download.egress_proxy import egress_proxy
from audioprep.activities.download.http_download import Downloader
from audioprep.activities.download.proxy_request import ProxyStats
from audioprep.activities.download.session import open_session
from audioprep.activities.ytdlp.client import YtDlp
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError
from audioprep.jobs.status import Stage
from tests.support.audio import make_audio
from tests.support.fake_network import INTERNAL, PUBLIC, Names, StagedPolicy
from tests.support.site import Site, open_site

LIMITS = MediaLimits(max_bytes=500_000)


@pytest.fixture
async def public(tmp_path: Path) -> AsyncIterator[Site]:
    make_audio(tmp_path / "site/tone.mp3", 3)
    make_audio(tmp_path / "site/big.wav", 10)
    async with open_site(tmp_path / "site") as site:
        yield site


@pytest.fixture
async def internal(public: Site) -> AsyncIterator[Site]:
    async with open_site(public.folder, INTERNAL) as site:
        yield site


async def _in_step(scratch: Path, fetch: Callable[[AttemptContext], Awaitable[DownloadedFile]]) -> DownloadedFile:
    await asyncio.to_thread(scratch.mkdir)

    async def attempt() -> DownloadedFile:
        return await fetch(AttemptContext(Stage.DOWNLOADING, scratch))

    return await ActivityEnvironment().run(attempt)


async def _download(url: str, folder: Path, lookup: AbstractResolver | None = None) -> DownloadedFile:
    downloader = Downloader(StagedPolicy(), LIMITS, lookup)
    return await _in_step(folder / "scratch", lambda step: downloader.fetch(url, step))


async def _ytdlp(url: str, folder: Path) -> DownloadedFile:
    ytdlp = YtDlp(NetworkRules(StagedPolicy(), frozenset("*")), LIMITS)
    return await _in_step(folder / "scratch", lambda step: ytdlp.fetch(url, step))


async def test_an_allowed_download_arrives(public: Site, tmp_path: Path) -> None:
    fetched = await _download(public.url("redirect/tone.mp3"), tmp_path)

    assert fetched.name == "tone.mp3"
    assert fetched.path.read_bytes() == (public.folder / "tone.mp3").read_bytes()


async def test_a_redirect_inwards_is_not_followed(public: Site, internal: Site, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="does not lead to a public address"):
        await _download(public.url(f"redirect/x?to={internal.url('file/tone.mp3')}"), tmp_path)

    assert (public.hits.total(), internal.hits.total()) == (1, 0)


async def test_the_connector_itself_opens_no_socket_inwards(public: Site, internal: Site) -> None:
    async with open_session(StagedPolicy()) as session:
        for url in (internal.url("file/tone.mp3"), public.url(f"redirect/x?to={internal.url('file/tone.mp3')}")):
            with pytest.raises(aiohttp.ClientConnectorError) as raised:
                await session.get(url)
            assert isinstance(raised.value.os_error, AddressRefused)

    assert internal.hits.total() == 0


async def test_a_redirect_to_a_file_is_not_followed(public: Site, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="must begin with http"):
        await _download(public.url("redirect/x?to=file:///etc/passwd"), tmp_path)


async def test_a_name_that_changes_its_mind_is_refused(public: Site, internal: Site, tmp_path: Path) -> None:
    names = Names((PUBLIC,), (INTERNAL,))
    inward = f"http://rebind.example:{internal.port}/file/tone.mp3"

    with pytest.raises(PermanentError, match=r"rebind\.example does not lead to a public address"):
        await _download(f"http://rebind.example:{public.port}/redirect/x?to={inward}", tmp_path, names)

    assert names.asked == 2
    assert (public.hits.total(), internal.hits.total()) == (1, 0)


async def test_dns_is_asked_once_and_the_answer_is_pinned(public: Site, internal: Site, tmp_path: Path) -> None:
    names = Names((PUBLIC,), (INTERNAL,))

    await _download(f"http://rebind.example:{public.port}/file/tone.mp3", tmp_path, names)

    assert (names.asked, internal.hits.total()) == (1, 0)


async def test_one_private_address_among_several_refuses_the_name(public: Site, internal: Site, tmp_path: Path) -> None:
    names = Names((PUBLIC, INTERNAL))

    with pytest.raises(PermanentError, match="does not lead to a public address"):
        await _download(f"http://mixed.example:{public.port}/file/tone.mp3", tmp_path, names)

    assert public.hits.total() + internal.hits.total() == 0


async def test_proxies_of_the_environment_are_not_used(
    public: Site, internal: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, internal.url(""))

    await _download(public.url("file/tone.mp3"), tmp_path)
    await _ytdlp(public.url("file/tone.mp3"), tmp_path / "site")

    assert internal.hits.total() == 0


async def test_a_server_nobody_listens_on_is_a_passing_error(tmp_path: Path, unused_port: int) -> None:
    with pytest.raises(TransientError, match=r"connection to 127\.0\.0\.1 failed"):
        await _download(f"http://127.0.0.1:{unused_port}/a.mp3", tmp_path)


@pytest.mark.parametrize("way", ["redirect", "manifest", "direct"])
async def test_ytdlp_is_kept_out_too(public: Site, internal: Site, tmp_path: Path, way: str) -> None:
    manifest = "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{}\n#EXT-X-ENDLIST\n"
    (public.folder / "list.m3u8").write_text(manifest.format(internal.url("file/tone.mp3")))
    url = {
        "redirect": public.url(f"redirect/x?to={internal.url('file/tone.mp3')}"),
        "manifest": public.url("file/list.m3u8"),
        "direct": internal.url("file/tone.mp3"),
    }[way]

    with pytest.raises(PermanentError, match=rf"{INTERNAL} does not lead to a public address"):
        await _ytdlp(url, tmp_path)

    assert internal.hits.total() == 0


async def test_the_proxy_refuses_both_kinds_of_request(public: Site, internal: Site) -> None:
    traffic = ProxyStats(budget=10_000_000)
    async with egress_proxy(StagedPolicy(), traffic) as proxy, aiohttp.ClientSession() as session:
        async with session.get(public.url("file/tone.mp3"), proxy=proxy) as answer:
            content = await answer.read()
        async with session.get(internal.url("file/tone.mp3"), proxy=proxy) as answer:
            refused = answer.status
        with pytest.raises(aiohttp.ClientHttpProxyError) as tunnel:
            await session.get(internal.url("").replace("http:", "https:"), proxy=proxy)

    assert content == (public.folder / "tone.mp3").read_bytes()
    assert (refused, tunnel.value.status, traffic.refused) == (403, 403, INTERNAL)
    assert internal.hits.total() == 0


async def test_a_tunnel_passes_bytes_both_ways(public: Site) -> None:
    async with egress_proxy(StagedPolicy(), ProxyStats(budget=10_000_000)) as proxy:
        parts = urlsplit(proxy)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        credentials = aiohttp.encode_basic_auth(parts.username or "", parts.password or "")
        writer.write(f"CONNECT {PUBLIC}:{public.port} HTTP/1.1\r\n".encode())
        writer.write(f"Proxy-Authorization: {credentials}\r\n\r\n".encode())
        established = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"GET /file/tone.mp3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()

    assert established.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith((public.folder / "tone.mp3").read_bytes())


async def test_the_proxy_refuses_a_name_that_leads_inwards(public: Site, internal: Site) -> None:
    traffic = ProxyStats(budget=10_000_000)
    names = Names((PUBLIC, INTERNAL))
    async with (
        egress_proxy(StagedPolicy(), traffic, names) as proxy,
        aiohttp.ClientSession() as session,
        session.get(f"http://mixed.example:{public.port}/", proxy=proxy) as answer,
    ):
        assert answer.status == 403

    assert traffic.refused == "mixed.example"
    assert public.hits.total() + internal.hits.total() == 0


async def test_the_proxy_lets_in_no_more_than_its_budget(public: Site) -> None:
    traffic = ProxyStats(budget=100_000)
    async with egress_proxy(StagedPolicy(), traffic) as proxy, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientPayloadError):
            async with session.get(public.url("endless/big.wav"), proxy=proxy) as answer:
                await answer.read()

    assert traffic.exhausted


async def test_a_live_proxy_ends_with_its_run(public: Site) -> None:
    async with egress_proxy(StagedPolicy(), ProxyStats(budget=10_000_000)) as proxy:
        port = int(proxy.rsplit(":", 1)[1])

    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()


async def test_limits_hold_while_a_download_grows(public: Site, tmp_path: Path) -> None:
    for folder, path in (("declared", "file/big.wav"), ("endless", "endless/big.wav")):
        (tmp_path / folder).mkdir()
        with pytest.raises(PermanentError) as raised:
            await _download(public.url(path), tmp_path / folder)
        assert raised.value.kind is ErrorKind.LIMIT_EXCEEDED
        assert _bytes_in(tmp_path / folder) <= LIMITS.max_bytes


async def test_limits_hold_while_ytdlp_downloads(public: Site, tmp_path: Path) -> None:
    for folder, path in (("declared", "file/big.wav"), ("endless", "endless/big.wav")):
        (tmp_path / folder).mkdir()
        with pytest.raises(PermanentError) as raised:
            await _ytdlp(public.url(path), tmp_path / folder)
        assert raised.value.kind is ErrorKind.LIMIT_EXCEEDED


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
