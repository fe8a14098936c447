"""A web site with the habits of real file hosts: signatures, cookies, chains, ranges, odd headers, wrong types."""

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.support.processes import free_port

_KEY = b"key"
_PIECE = 20_000  # bytes after which `/cut` hangs up
BODIES = {
    "feed": b'<?xml version="1.0"?>\n<rss version="2.0"><channel><title>x</title></channel></rss>',
    "atom": b'<feed xmlns="http://www.w3.org/2005/Atom"></feed>',
    "hls": b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:3,\na.ts\n",
    "dash": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    "m3u": b"#EXTM3U\n#EXTINF:3,A song\nhttp://a/b.mp3\n",
    "pls": b"[playlist]\nFile1=http://a/b.mp3\n",
    "zip": b"PK\x03\x04" + bytes(100),
    "pdf": b"%PDF-1.7\n",
    "json": b'{"error": "no"}',
    "page": b"<!DOCTYPE html><html><title>Sign in</title></html>",
}


def signature(target: str) -> str:
    return hmac.new(_KEY, target.encode(), hashlib.sha256).hexdigest()[:16]


@dataclass
class LinkSite:
    """`sound` is what it gives. `hits` counts by path; `ranges` are the Range headers that came."""

    sound: bytes
    port: int
    hits: Counter[str] = field(default_factory=Counter)
    ranges: list[str | None] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def signed(self, target: str) -> str:
        return f"{self.url(target)}&s={signature('/' + target)}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        kind, _, rest = request.path.lstrip("/").partition("/")
        self.hits[request.path] += 1
        answer = self._answer(kind, rest, request)
        return await self._cut(request, ranges=rest != "without") if answer is None else answer

    def _answer(self, kind: str, rest: str, request: web.Request) -> web.Response | None:
        """None for `/cut`, which is sent by hand."""
        match kind:
            case "hop" | "to" | "gate":
                return self._redirect(kind, rest, request)
            case "gated":
                return self._sound() if request.cookies.get("k") else web.Response(status=403)
            case "named" | "typed":
                header = "Content-Disposition" if kind == "named" else "Content-Type"
                return self._sound({header: request.query["as"]})
            case "whole":
                return web.Response(status=206, body=self.sound, headers=self._range(0, len(self.sound)))
            case "cut":
                return None
            case "body":
                return web.Response(body=BODIES[rest], content_type="application/octet-stream")
            case "s":
                return self._sound() if rest.endswith("/download") else self._page()
            case _:
                return self._sound() if kind == "sound.mp3" else self._signed(request)

    def _redirect(self, kind: str, rest: str, request: web.Request) -> web.Response:
        if kind == "gate":
            return web.Response(status=302, headers={"Location": "/gated", "Set-Cookie": "k=1; Path=/"})
        if kind == "to":
            return web.Response(status=302, headers={"Location": request.raw_path.removeprefix("/to/")})
        target = f"/hop/{int(rest) - 1}" if int(rest) > 1 else "/sound.mp3"
        return web.Response(status=302, headers={"Location": target})

    def _sound(self, headers: dict[str, str] | None = None) -> web.Response:
        return web.Response(body=self.sound, headers={"Content-Type": "application/octet-stream"} | (headers or {}))

    def _page(self) -> web.Response:
        return web.Response(body=BODIES["page"], content_type="text/html")

    def _signed(self, request: web.Request) -> web.Response:
        """As a server that signs the request target as it is."""
        target, _, sign = request.raw_path.rpartition("&s=")
        return self._sound() if sign == signature(target) else web.Response(status=403)

    def _range(self, start: int, end: int) -> dict[str, str]:
        return {"Content-Range": f"bytes {start}-{end - 1}/{len(self.sound)}"}

    async def _cut(self, request: web.Request, *, ranges: bool) -> web.StreamResponse:
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and ranges else 0
        headers = {"Content-Length": str(len(self.sound) - start), "Content-Type": "audio/mpeg"}
        if ranges:
            headers |= {"Accept-Ranges": "bytes", "ETag": '"1"'} | (
                self._range(start, len(self.sound)) if asked else {}
            )
        answer = web.StreamResponse(status=206 if asked and ranges else 200, headers=headers)
        await answer.prepare(request)
        await answer.write(self.sound[start : start + _PIECE])
        await asyncio.sleep(0.05)  # so that what was written arrives before the connection breaks
        if start + _PIECE < len(self.sound) and request.transport:
            request.transport.close()
        return answer


@asynccontextmanager
async def open_link_site(sound: bytes) -> AsyncIterator[LinkSite]:
    site = LinkSite(sound, free_port())
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", site.port).start()
    try:
        yield site
    finally:
        await runner.cleanup()
