"""Many questions in a short time cost one."""

import asyncio

import pytest

from audioprep.service.cached import CachedAnswer


class Clock:
    """Seconds, moved by hand; counts the questions."""

    now = 0.0
    asked = 0

    async def ask(self) -> int:
        self.asked += 1
        await asyncio.sleep(0)
        return self.asked


async def test_fifty_questions_at_once_are_asked_once() -> None:
    clock = Clock()
    cached = CachedAnswer(clock.ask, 10, lambda: clock.now)

    answers = await asyncio.gather(*(cached.get() for _ in range(50)))

    assert answers == [1] * 50


@pytest.mark.parametrize(("now", "answer"), [(9.9, 1), (10.0, 2)], ids=["young: kept", "old: asked again"])
async def test_an_answer_is_kept_for_its_time(now: float, answer: int) -> None:
    clock = Clock()
    cached = CachedAnswer(clock.ask, 10, lambda: clock.now)
    await cached.get()

    clock.now = now

    assert await cached.get() == answer


async def test_an_error_is_not_kept() -> None:
    asked = []

    async def ask() -> str:
        asked.append(1)
        if len(asked) == 1:
            raise ValueError("away")
        return "there"

    cached = CachedAnswer(ask, 10)
    with pytest.raises(ValueError, match="away"):
        await cached.get()

    assert await cached.get() == "there"


async def test_a_caller_that_goes_away_takes_no_answer_from_others() -> None:
    clock = Clock()
    cached = CachedAnswer(clock.ask, 10, lambda: clock.now)
    first, second = (asyncio.create_task(cached.get()) for _ in range(2))
    await asyncio.sleep(0)

    first.cancel()

    assert await second == 2
