"""Rate limit per host: concurrency and minimum interval of downloads."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from audioprep.activities.download.host_limiter import HostLimiter
from audioprep.jobs.errors import ErrorKind
from audioprep.jobs.request import downloads_queue
from audioprep.jobs.text.hosts import site_of


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.Example.com/a.mp3", "example.com"),
        ("http://example.com:8080/a", "example.com"),
        ("https://cdn.example.com./a", "cdn.example.com"),
        ("https://youtu.be/x", "youtube.com"),
        ("https://music.youtube.com/watch?v=x", "youtube.com"),
        ("https://notyoutube.com/", "notyoutube.com"),
        ("http://[::1]/a", "::1"),
        ("http://[broken/a", ""),
        ("not a url", ""),
    ],
)
def test_urls_of_one_site_are_told_to_be_so(url: str, site: str) -> None:
    assert site_of(url) == site


def test_downloads_wait_on_a_queue_of_their_own() -> None:
    assert downloads_queue("mine") == "mine-downloads"


async def test_over_the_limit_reschedules_and_other_hosts_proceed() -> None:
    host_limiter = HostLimiter(concurrency=2)

    async def work() -> None:
        async with AsyncExitStack() as slots:
            for site in ("a.example", "a.example", "b.example"):
                await slots.enter_async_context(host_limiter.slot(site))
            with pytest.raises(ApplicationError) as busy:
                await slots.enter_async_context(host_limiter.slot("a.example"))
        async with host_limiter.slot("a.example"):
            pass
        assert (busy.value.type, busy.value.non_retryable) == (ErrorKind.SITE_BUSY, True)
        failed, wait = busy.value.details
        assert failed == 0
        assert wait > 0

    await ActivityEnvironment().run(work)


async def test_downloads_of_a_host_keep_the_minimum_interval() -> None:
    host_limiter = HostLimiter(concurrency=3, min_interval=0.5)
    begun: list[float] = []

    async def visit(site: str) -> None:
        async with host_limiter.slot(site):
            begun.append(time.monotonic())
            raise ConnectionError

    before = time.monotonic()
    await asyncio.gather(*(visit("a.example") for _ in range(3)), visit("b.example"), return_exceptions=True)

    assert len(begun) == 4
    assert begun[1] - before < 0.5, "the other site does not wait"
    assert begun[-1] - begun[0] >= 1.0
