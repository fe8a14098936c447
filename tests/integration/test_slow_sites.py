"""Sites that never end: whatever they drip or flood, a download ends, and its error says why."""

import asyncio
import socket
import time
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import DownloadedFile
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.address_policy import NetworkRules
from audioprep.activities.download.http_download import Downloader
from audioprep.activities.download.links import redirects
from audioprep.activities.download.wire import MeteredSocket, Wire, WireFlood
from audioprep.activities.ytdlp.client import YtDlp
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError
from audioprep.jobs.progress import StepProgress
from audioprep.jobs.status import Stage
from tests.support.audio import make_audio
from tests.support.fake_network import PUBLIC, StagedPolicy
from tests.support.raw_site import CHUNKED, HEAD, Answer, dripping, flooding, open_raw_site, said

SITE_RETRY_DELAY = timedelta(seconds=NetworkRules().site_retry_delay)
LIMITS = MediaLimits(max_bytes=50_000_000, min_rate=10_000, rate_window=1)
SIZED = HEAD + b"Content-Length: 4000000\r\n\r\n"
OVERHEAD = {
    "interim responses 100": flooding(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "interim responses 103": flooding(b"", b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"),
    "a chunk extension": flooding(CHUNKED + b"1;", b"x" * 1000),
    "chunks of one byte": flooding(CHUNKED, b"1\r\nx\r\n"),
}
DRIPS = {
    "a body with a length": dripping(SIZED, b"x", 0.05),
    "a body without a length": dripping(HEAD + b"\r\n", b"x", 0.05),
    "a chunk extension": dripping(CHUNKED + b"1;", b"x", 0.05),
    "trailers": dripping(CHUNKED + b"3\r\nabc\r\n0\r\n", b"X", 0.05),
}
HEADS = {
    "a head": dripping(HEAD + b"X: ", b"x", 0.05),
    "interim responses": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05),
    "nothing": dripping(b"", b"", 1),
}


async def _fetch(
    url: str, scratch: Path, said_by: list[StepProgress] | None = None, *, ytdlp: bool = False
) -> DownloadedFile:
    environment = ActivityEnvironment()
    environment.on_heartbeat = (said_by if said_by is not None else []).append
    way = YtDlp(NetworkRules(StagedPolicy(), frozenset("*")), LIMITS) if ytdlp else Downloader(StagedPolicy(), LIMITS)

    async def attempt() -> DownloadedFile:
        return await way.fetch(url, AttemptContext(Stage.DOWNLOADING, scratch))

    return await environment.run(attempt)


@pytest.mark.parametrize("answer", DRIPS.values(), ids=[f"{what} drips: given up" for what in DRIPS])
async def test_a_slow_download_is_given_up(tmp_path: Path, answer: Answer) -> None:
    async with open_raw_site(answer) as site:
        with pytest.raises(TransientError, match=rf"^Network: {PUBLIC} is too slow: less than 10 kB arrived") as raised:
            await asyncio.wait_for(_fetch(f"{site}a.mp3", tmp_path), 10)

    assert raised.value.kind is ErrorKind.NETWORK


async def test_a_slow_site_is_given_up_through_ytdlp(tmp_path: Path) -> None:
    async with open_raw_site(dripping(SIZED, b"x" * 20, 0.05)) as site:
        with pytest.raises(TransientError, match=rf"^Network: {PUBLIC} is too slow: less than 10 kB arrived") as raised:
            await asyncio.wait_for(_fetch(f"{site}a.mp3", tmp_path, ytdlp=True), 60)

    assert raised.value.kind is ErrorKind.NETWORK


async def test_slow_segments_are_judged_together(tmp_path: Path) -> None:
    """Each of the five hundred is over before a window ends."""
    listed = b"#EXTM3U\n#EXT-X-TARGETDURATION:3\n" + b"#EXTINF:3,\na.ts\n" * 500 + b"#EXT-X-ENDLIST\n"
    length = f"Content-Length: {len(listed)}\r\n\r\n".encode()
    manifest = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\n" + length + listed
    visits = 0

    async def segment(writer: asyncio.StreamWriter) -> None:
        nonlocal visits
        visits += 1
        await asyncio.sleep(0.2)
        await said(HEAD + b"Content-Length: 188\r\n\r\n" + b"\x47" + bytes(187))(writer)

    async with open_raw_site(segment, list=said(manifest)) as site:
        with pytest.raises(TransientError, match=rf"^Network: {PUBLIC} is too slow: less than 10 kB arrived"):
            await asyncio.wait_for(_fetch(f"{site}list", tmp_path, ytdlp=True), 60)

    assert visits < 30


async def test_a_small_file_is_never_too_slow(tmp_path: Path) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 10\r\n\r\n")
        for _ in range(10):
            await asyncio.sleep(0.05)
            writer.write(b"x")
            await writer.drain()

    async with open_raw_site(answer) as site:
        fetched = await _fetch(f"{site}a.mp3", tmp_path)

    assert fetched.path.read_bytes() == b"x" * 10


@pytest.mark.parametrize("answer", HEADS.values(), ids=[f"{what} drips: no answer in time" for what in HEADS])
async def test_a_head_has_a_time_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Answer) -> None:
    monkeypatch.setattr(redirects, "HEAD_TIMEOUT", 0.5)
    heartbeats: list[StepProgress] = []

    async with open_raw_site(answer) as site:
        with pytest.raises(TransientError, match=rf"{PUBLIC} did not answer in time"):
            await asyncio.wait_for(_fetch(f"{site}a.mp3", tmp_path, heartbeats), 5)

    assert heartbeats == [], "a head is no sign of work"


async def test_the_heads_of_all_redirects_share_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redirects, "HEADS_TIMEOUT", 0.7)

    async def answer(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        await said(b"HTTP/1.1 302 x\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")(writer)

    async with open_raw_site(answer) as site:
        with pytest.raises(TransientError, match=rf"{PUBLIC} did not answer in time"):
            await _fetch(f"{site}a.mp3", tmp_path)


@pytest.mark.parametrize("answer", OVERHEAD.values(), ids=[f"{what} without end: refused" for what in OVERHEAD])
async def test_what_is_not_the_body_is_limited_too(tmp_path: Path, answer: Answer) -> None:
    async with open_raw_site(answer) as site:
        with pytest.raises(PermanentError, match=rf"{PUBLIC} sends without end") as raised:
            await asyncio.wait_for(_fetch(f"{site}a.mp3", tmp_path), 20)

    assert raised.value.kind is ErrorKind.LIMIT_EXCEEDED


async def test_small_chunks_of_an_honest_server_pass(tmp_path: Path) -> None:
    content = make_audio(tmp_path / "tone.wav", 40).read_bytes()
    chunks = b"".join(b"40\r\n" + content[at : at + 64] + b"\r\n" for at in range(0, len(content) // 64 * 64, 64))
    (tmp_path / "scratch").mkdir()

    async with open_raw_site(said(CHUNKED + chunks + b"0\r\n\r\n")) as site:
        fetched = await _fetch(f"{site}a.wav", tmp_path / "scratch")

    assert fetched.path.read_bytes() == content[: len(content) // 64 * 64]


@pytest.mark.parametrize("header", ["Content-Type: ", "Content-Type: audio/mpeg", "Content-Disposition: a"])
async def test_a_header_does_not_hold_the_event_loop(tmp_path: Path, header: str) -> None:
    answer = f"HTTP/1.1 200 OK\r\n{header}{';' * 7000}\r\nContent-Length: 3\r\n\r\nabc".encode()

    async with open_raw_site(said(answer)) as site:
        begun = time.process_time()
        fetched = await _fetch(f"{site}a.mp3", tmp_path)

    assert fetched.name == "a.mp3"
    assert time.process_time() - begun < 0.5  # 1.7 s for aiohttp's own parser


async def test_a_wait_beyond_all_time_is_no_wait(tmp_path: Path) -> None:
    head = b"HTTP/1.1 503 x\r\nRetry-After: Mon, 01 Jan 2024 00:00:00 +99999999999999999999\r\n"

    async with open_raw_site(said(head + b"Content-Length: 0\r\n\r\n")) as site:
        for ytdlp in (False, True):
            with pytest.raises(TransientError, match="HTTP 503") as raised:
                await _fetch(f"{site}a.mp3", tmp_path, ytdlp=ytdlp)
            assert raised.value.next_retry_delay == (SITE_RETRY_DELAY if ytdlp else None)


def test_both_ways_to_read_from_a_socket_count() -> None:
    wire = Wire()
    theirs, ours = socket.socketpair()
    with theirs, MeteredSocket(wire, ours.family, ours.type, ours.proto, ours.detach()) as metered:
        theirs.sendall(b"abc")
        assert metered.recv(2) == b"ab"
        assert metered.recv_into(bytearray(8)) == 1

        wire.received(2 * 1024 * 1024 - 3)
        theirs.sendall(b"d")
        with pytest.raises(WireFlood):
            metered.recv(1)
        assert wire.flooded
