"""A bridge is ready after its first look, and at no moment before."""

import asyncio
from collections.abc import Generator
from pathlib import Path
from typing import Any, NoReturn

import aiohttp
import pytest

from audioprep import bridge_role, roles
from audioprep.settings import Settings
from tests.support.processes import free_port

PARTS = ("open_database", "connect")


@pytest.mark.parametrize("part", PARTS)
async def test_a_bridge_that_is_still_being_put_together_is_not_ready(
    part: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    port = free_port()
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{tmp_path}/jobs.db")
    monkeypatch.setenv("AUDIOPREP_HTTP_PORT", str(port))
    reached = asyncio.Event()
    monkeypatch.setattr(bridge_role, part, _Held(reached))

    bridge = asyncio.create_task(roles.run_bridge(Settings()))
    try:
        async with asyncio.timeout(20), aiohttp.ClientSession() as session:
            await reached.wait()
            async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
                assert response.status == 503
                assert "bridge: has not run yet" in await response.text()
    finally:
        bridge.cancel()
        await asyncio.gather(bridge, return_exceptions=True)


class _Held:
    """Stands in for a function whose result never comes, whether it is awaited or entered."""

    def __init__(self, reached: asyncio.Event) -> None:
        self._reached = reached

    def __call__(self, *_: object, **__: object) -> "_Held":
        return self

    def __await__(self) -> Generator[Any, None, NoReturn]:
        return self.__aenter__().__await__()

    async def __aenter__(self) -> NoReturn:
        self._reached.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def __aexit__(self, *_: object) -> None: ...
