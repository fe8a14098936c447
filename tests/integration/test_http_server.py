"""The HTTP server: who may wake a bridge, how often, and with how much."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
import pytest

from audioprep.http.endpoints import WAKE_HEADER, HealthSource
from audioprep.http.server import http_server
from audioprep.http.token_bucket import TokenBucket
from audioprep.service.health import Health
from tests.support.processes import free_port

SECRET = "open sesame"  # noqa: S105 - made up


class Sleeper:
    """Stands for a bridge; only counts how often it is woken."""

    wakes = 0

    def wake(self, _database: str | None = None) -> bool:
        self.wakes += 1
        return True


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper()


@pytest.fixture
async def url(sleeper: Sleeper) -> AsyncIterator[str]:
    port = free_port()
    async with http_server([HealthSource(Health(), wake=sleeper.wake)], "127.0.0.1", port, wake_secret=SECRET):
        yield f"http://127.0.0.1:{port}/wake"


async def _wake(url: str, secret: str | None = SECRET, data: bytes = b"") -> int:
    headers = {} if secret is None else {WAKE_HEADER: secret}
    async with aiohttp.ClientSession() as session, session.post(url, headers=headers, data=data) as answer:
        return answer.status


async def test_a_flood_of_wakes_is_held_to_a_rate(sleeper: Sleeper, url: str) -> None:
    answers = Counter(await asyncio.gather(*(_wake(url) for _ in range(60))))

    assert answers[202] == sleeper.wakes
    assert 10 <= sleeper.wakes < 30
    assert set(answers) == {202, 429}


async def test_a_flood_without_the_secret_uses_no_tokens(sleeper: Sleeper, url: str) -> None:
    answers = Counter(await asyncio.gather(*(_wake(url, "guess") for _ in range(60))))

    assert answers == {403: 60}
    assert await _wake(url) == 202
    assert sleeper.wakes == 1


@pytest.mark.parametrize("secret", [None, "", "open sesam", "open sesame ä", "x" * 5000])
async def test_the_secret_is_needed(sleeper: Sleeper, url: str, secret: str | None) -> None:
    assert await _wake(url, secret) == 403
    assert sleeper.wakes == 0


async def test_a_large_body_is_not_taken(sleeper: Sleeper, url: str) -> None:
    try:
        status = await asyncio.wait_for(_wake(url, data=bytes(50_000_000)), 10)
    except aiohttp.ClientError:  # it hung up while we were still sending
        status = 413

    assert status == 413
    assert sleeper.wakes == 0


async def test_other_methods_and_paths_are_unknown(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        for method, path, status in (("GET", url, 405), ("POST", f"{url}/../etc/passwd", 404), ("PUT", url, 405)):
            async with session.request(method, path, headers={WAKE_HEADER: SECRET}) as answer:
                assert answer.status == status


def test_a_bucket_fills_again() -> None:
    now = 0.0
    bucket = TokenBucket(2, 0.5, lambda: now)

    assert [bucket.take() for _ in range(3)] == [True, True, False]
    assert bucket.wait == pytest.approx(2)
    now = 1.9
    assert not bucket.take()
    now = 2.1
    assert bucket.take()
    now = 1000
    assert [bucket.take() for _ in range(3)] == [True, True, False]
