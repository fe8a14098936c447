"""A headless Chromium, driven by its own DevTools protocol: https://chromedevtools.github.io/devtools-protocol/"""

import asyncio
import base64
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.processes import Program, running
from tests.support.waiting import eventually

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
    *("--remote-debugging-port=0", "about:blank"),
)
_ANSWER = 30.0  # seconds for one command
_TEXT = """
[document, ...[...document.querySelectorAll('iframe')].map(frame => frame.contentDocument)]
  .map(part => part?.body?.innerText ?? '').join('\\n')
"""


class Page:
    """The one page of a browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)

    async def open(self, url: str) -> None:
        await self._do("Page.navigate", url=url)

    async def resize(self, width: int, height: int) -> None:
        """In pixels."""
        await self._do(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def text(self) -> str:
        """What a person reads on the page as it is now, its frames included."""
        return str(await self.evaluate(_TEXT))

    async def evaluate(self, script: str) -> Any:
        answer = await self._do("Runtime.evaluate", expression=script, returnByValue=True)
        return answer["result"].get("value")

    async def shows(self, *texts: str, within: float = 60.0) -> str:
        """The page's text once all of `texts` are on it."""
        last = ""

        async def check() -> bool:
            nonlocal last
            last = await self.text()
            return all(text in last for text in texts)

        try:
            await eventually(check, within=within, what=f"a page with {texts}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it shows:\n{last}") from None
        return last

    async def picture(self, left: int, top: int, width: int, height: int) -> bytes:
        """A PNG of a part of what is in view, in pixels."""
        clip = {"x": left, "y": top, "width": width, "height": height, "scale": 1}
        answer = await self._do("Page.captureScreenshot", format="png", clip=clip)
        return base64.b64decode(answer["data"])

    async def _do(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(_ANSWER):
            async for message in self._socket:
                answer = json.loads(message.data)
                if answer.get("id") == number:
                    assert "error" not in answer, answer
                    return answer["result"]
        raise AssertionError("the browser closed the connection")


@asynccontextmanager
async def open_browser(folder: Path) -> AsyncIterator[Page]:
    """A browser with an empty profile in `folder`, ended with its processes."""
    binary = shutil.which("chromium")
    assert binary, "chromium is missing: run `make chromium`"
    profile = folder / "chromium"
    program = Program([binary, *_FLAGS[:-1], f"--user-data-dir={profile}", _FLAGS[-1]], folder / "chromium.log")
    with running(program):
        port = await _port(profile / "DevToolsActivePort")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                (page,) = [target for target in await answer.json() if target["type"] == "page"]
            async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Page(socket)


async def _port(file: Path) -> str:
    """The first line of the file that Chromium writes once it listens."""

    async def check() -> str | None:
        lines = file.read_text().splitlines() if file.exists() else []
        return lines[0] if len(lines) > 1 else None

    return await eventually(check, within=60, what="Chromium listening")
