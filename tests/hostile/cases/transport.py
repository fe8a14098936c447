"""A public site that never ends, or whose heads are traps; a process beside the worker that tries its proxy."""

from collections.abc import Iterator
from unittest.mock import patch

import aiohttp
from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.address_policy import NetworkRules
from audioprep.activities.download.egress_proxy import egress_proxy
from audioprep.activities.download.http_download import Downloader
from audioprep.activities.download.links import redirects
from audioprep.activities.download.proxy_request import ProxyStats
from audioprep.activities.ytdlp.client import YtDlp
from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.status import Stage
from tests.hostile.case import Arena, Attack, Case, Expect
from tests.support.fake_network import StagedPolicy
from tests.support.raw_site import CHUNKED, HEAD, Answer, dripping, flooding, open_raw_site, said

_LIMITS = MediaLimits(max_bytes=2_000_000, min_rate=10_000, rate_window=1)
_SIZED = HEAD + b"Content-Length: 1000000\r\n\r\n"
_INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
_LATE = b"HTTP/1.1 503 x\r\nRetry-After: Mon, 01 Jan 2024 00:00:00 +99999999999999999999\r\nContent-Length: 0\r\n\r\n"
_TRAP = b"HTTP/1.1 200 OK\r\nContent-Type: " + b";" * 7000 + b"\r\nContent-Length: 3\r\n\r\nabc"


def cases() -> Iterator[Case]:
    yield Case("transport", "a body that drips", Expect.PASSING, _answered(dripping(_SIZED, b"x", 0.05)))
    yield Case("transport", "a chunk that drips", Expect.PASSING, _answered(dripping(CHUNKED + b"1;", b"x", 0.05)))
    yield Case("transport", "a head that drips", Expect.PASSING, _answered(dripping(HEAD + b"X: ", b"x", 0.05)))
    yield Case("transport", "interim answers that drip", Expect.PASSING, _answered(dripping(b"", _INTERIM, 0.05)))
    yield Case(
        "transport", "interim answers without end", Expect.REFUSED, _answered(flooding(b"", _INTERIM), head_timeout=20)
    )
    yield Case("transport", "a chunk extension", Expect.REFUSED, _answered(flooding(CHUNKED + b"1;", b"x" * 1000)))
    yield Case("transport", "chunks of one byte", Expect.REFUSED, _answered(flooding(CHUNKED, b"1\r\nx\r\n")))
    yield Case("transport", "a wait beyond all time", Expect.PASSING, _answered(said(_LATE)))
    yield Case("transport", "a type of 7,000 semicolons", Expect.RIGHT, _answered(said(_TRAP)))
    yield Case("yt-dlp", "a body that drips", Expect.PASSING, _answered(dripping(_SIZED, b"x", 0.05), ytdlp=True))
    yield Case("yt-dlp", "a wait beyond all time", Expect.PASSING, _answered(said(_LATE), ytdlp=True))
    yield Case("yt-dlp", "its proxy without the password", Expect.REFUSED, _beside_the_worker)


def _answered(answer: Answer, *, ytdlp: bool = False, head_timeout: float = 1.0) -> Attack:
    async def attack(arena: Arena) -> str:
        rules = NetworkRules(StagedPolicy(), frozenset("*"))
        way = YtDlp(rules, _LIMITS) if ytdlp else Downloader(StagedPolicy(), _LIMITS)
        async with open_raw_site(answer) as site:

            async def attempt() -> str:
                return (await way.fetch(f"{site}a.mp3", AttemptContext(Stage.DOWNLOADING, arena.folder))).name

            with patch.object(redirects, "HEAD_TIMEOUT", head_timeout):
                return await ActivityEnvironment().run(attempt)

    return attack


async def _beside_the_worker(arena: Arena) -> str:
    """Refused, if the run whose proxy it is has not lost anything."""
    traffic = ProxyStats(1000)
    async with egress_proxy(StagedPolicy(), traffic) as proxy, aiohttp.ClientSession() as session:
        theirs = f"http://{proxy.rpartition('@')[2]}"
        async with session.get(f"http://{arena.forbidden}/", proxy=theirs) as answer:
            if answer.status == 407 and traffic == ProxyStats(1000):
                raise PermanentError(ErrorKind.REFUSED, f"The proxy answered with HTTP {answer.status}.")
            return f"HTTP {answer.status}, {traffic}"
