"""A web site of strangers: plain files, redirects, slow answers, errors, lists. It counts who came."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.support.processes import free_port

_SLOW_PIECES = 30
_SLOW_PAUSE = 0.1  # seconds between two pieces of a slow answer
_LONGEST_HOLD = 90.0  # seconds that half a file is held back at most


@dataclass
class Site:
    """`hits` by path. `failures` says how often `/flaky/...` answers 429 before it gives the file.

    `/held/...` gives half of the file, and the rest once `released` is set.
    """

    folder: Path
    port: int
    host: str = "127.0.0.1"
    hits: Counter[str] = field(default_factory=Counter)
    asked_at: dict[str, list[float]] = field(default_factory=dict)
    failures: int = 1
    retry_after: str = "2"
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, path: str) -> str:
        return f"http://{self.host}:{self.port}/{path}"

    def times(self, path: str) -> list[float]:
        """When the path was asked for, in seconds of the monotonic clock."""
        return self.asked_at.get(f"/{path}", [])

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.hits[request.path] += 1
        self.asked_at.setdefault(request.path, []).append(time.monotonic())
        kind, _, rest = request.path.lstrip("/").partition("/")
        match kind:
            case "file":
                return web.FileResponse(self.folder / rest)
            case "redirect":
                return web.Response(status=302, headers={"Location": request.query.get("to", f"/file/{rest}")})
            case "loop":
                return web.Response(status=302, headers={"Location": f"/loop/{int(rest or 0) + 1}"})
            case "status":
                return web.Response(status=int(rest.split("/")[0]))
            case "flaky":
                return self._flaky(request.path, rest)
            case "slow" | "held" | "cut" | "endless":
                return await self._stream(request, kind, rest)
            case "page":
                return web.Response(
                    text=f"<html><title>A page</title><body>{rest}</body></html>", content_type="text/html"
                )
            case "appears" | "said":
                return self._odd(kind, rest)
            case "feed":
                return web.Response(text=self._feed(rest.split(",")), content_type="application/rss+xml")
            case _:
                return web.Response(status=404)

    def _flaky(self, path: str, rest: str) -> web.StreamResponse:
        if len(self.asked_at[path]) <= self.failures:
            return web.Response(status=429, headers={"Retry-After": self.retry_after})
        return web.FileResponse(self.folder / rest)

    async def _stream(self, request: web.Request, kind: str, rest: str) -> web.StreamResponse:
        """In pieces with pauses; `cut` hangs up half-way, `endless` never ends and never says how long it is."""
        content = (self.folder / rest).read_bytes()
        response = web.StreamResponse(headers={"Content-Type": "audio/mpeg"})
        if kind == "endless":
            response.enable_chunked_encoding()
        else:
            response.content_length = len(content)
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        step = len(content) // _SLOW_PIECES + 1
        while True:
            for start in range(0, len(content), step):
                if kind == "cut" and start > len(content) / 2 and request.transport:
                    request.transport.close()
                    return response
                if kind == "held" and start > len(content) / 2:
                    await asyncio.wait_for(self.released.wait(), _LONGEST_HOLD)
                try:
                    await response.write(content[start : start + step])
                except ConnectionResetError:  # the visitor has had enough
                    return response
                await asyncio.sleep(_SLOW_PAUSE if kind == "slow" else 0)
            if kind != "endless":
                return response

    def _odd(self, kind: str, rest: str) -> web.StreamResponse:
        """`/appears/PATH` is there once it is released; `/said/SECONDS/PATH` is about a recording of that length."""
        if kind == "appears":
            return web.FileResponse(self.folder / rest) if self.released.is_set() else web.Response(status=404)
        seconds, _, path = rest.partition("/")
        return web.Response(text=self._described(seconds, path), content_type="text/html")

    def _described(self, seconds: str, path: str) -> str:
        about = {
            "@context": "https://schema.org",
            "@type": "AudioObject",
            "name": "A page",
            "contentUrl": self.url(path),
        }
        described = json.dumps(about | {"duration": f"PT{seconds}S"})
        return f'<html><title>A page</title><script type="application/ld+json">{described}</script></html>'

    def _feed(self, paths: list[str]) -> str:
        items = "".join(
            f"<item><title>Episode {number}</title><link>{self.url(path)}</link>"
            f'<enclosure url="{self.url(path)}" type="audio/mpeg" length="1"/></item>'
            for number, path in enumerate((path.replace("+", "/") for path in paths), 1)
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>A feed</title>{items}</channel></rss>'


@asynccontextmanager
async def open_site(folder: Path, host: str = "127.0.0.1") -> AsyncIterator[Site]:
    """A site that serves the files in `folder` until the block ends."""
    site = Site(folder, free_port(), host)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, site.port).start()
    try:
        yield site
    finally:
        await runner.cleanup()
