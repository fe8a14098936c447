"""Puts a newer yt-dlp into the work folder: unpacked beside the old one, tried, then named `current` in one step.

The built-in one stays, and is used while there is none here, or one that is no newer.
"""

import asyncio
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from audioprep.activities.attempt.scratch import locked, make_private
from audioprep.activities.process.limits import MB, ChildLimits
from audioprep.activities.process.supervisor import child_process
from audioprep.activities.ytdlp.command import environment, program, version_of
from audioprep.activities.ytdlp.update.index import Index, UpdateFailed, Wheel, order_of, pinned
from audioprep.jobs.errors import JobError

PROJECT: Final = "yt-dlp"
SCRIPTS: Final = "yt-dlp-ejs"  # for YouTube; yt-dlp uses the version that it names, and no other
_RETRY: Final = timedelta(hours=1)  # after an update that failed
_LIMITS: Final = ChildLimits(cpu_seconds=60, memory=1024 * MB, file_size=64 * MB)
_LAUNCHER: Final = """#!{python}
import sys
sys.path.insert(0, {folder!r})
from yt_dlp import main
sys.exit(main())
"""
_PAGE: Final = '<html><head><title>A page</title></head><body><audio src="/a.mp3"></audio></body></html>'

log = structlog.get_logger()


class YtdlpUpdater:
    """`folder` is shared by the workers of a work folder: one at a time updates it."""

    def __init__(self, index: str, folder: Path, period: timedelta) -> None:
        self._index = index
        self._folder = folder
        self._period = period

    async def run(self) -> None:
        """Until cancelled: ask the index once in each period, also across restarts."""
        while True:
            wait = self._period
            if await asyncio.to_thread(self._is_due) and not await self.run_once():
                wait = min(_RETRY, self._period)
            await asyncio.sleep(wait.total_seconds())

    async def run_once(self) -> bool:
        """Fetch, try and take what is newer than what is in use. False if that failed, which the log tells."""
        try:
            with locked(await asyncio.to_thread(self._opened), wait=False):
                version = await self._update()
        except BlockingIOError:
            return True  # another worker is at it
        except (UpdateFailed, JobError, OSError, zipfile.BadZipFile) as error:
            log.warning("ytdlp_update_failed", error=str(error), version=version_of(program(self._folder)))
            return False
        if version:
            log.info("ytdlp_updated", version=version)
        return True

    async def _update(self) -> str | None:
        in_use = version_of(program(self._folder)) or "0"
        async with Index(self._index) as index:
            newest = next(iter(reversed(await index.wheels(PROJECT))), None)
            if newest is not None and newest.order > order_of(in_use):
                await self._take(index, newest)
        await asyncio.to_thread((self._folder / "asked").touch)
        return newest.version if newest is not None and newest.order > order_of(in_use) else None

    async def _take(self, index: Index, newest: Wheel) -> None:
        contents = [await index.content(newest)]
        wanted = pinned(contents[0], SCRIPTS)
        if wanted:
            scripts = [each for each in await index.wheels(SCRIPTS) if each.order == order_of(wanted)]
            if not scripts:
                raise UpdateFailed(f"the index has no {SCRIPTS} {wanted}, which {PROJECT} {newest.version} asks for")
            contents.append(await index.content(scripts[-1]))
        fresh = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self._folder, prefix="new-"))
        try:
            await asyncio.to_thread(_unpack, contents, fresh)
            await _try(fresh / "yt-dlp", fresh)
            await asyncio.to_thread(self._activate, fresh, newest.version)
        finally:
            await asyncio.to_thread(shutil.rmtree, fresh, ignore_errors=True)

    def _activate(self, fresh: Path, version: str) -> None:
        """From now on new runs take it. The one before it stays for runs that go on; older ones go."""
        target = self._folder / version
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
        _launcher(target)
        link = self._folder / "next"
        link.unlink(missing_ok=True)
        link.symlink_to(version)
        before = (self._folder / "current").resolve()
        link.replace(self._folder / "current")
        for other in self._folder.iterdir():
            if other.is_dir() and not other.is_symlink() and other not in (target, before):
                shutil.rmtree(other, ignore_errors=True)

    def _opened(self) -> Path:
        make_private(self._folder)
        return self._folder

    def _is_due(self) -> bool:
        try:
            asked = (self._folder / "asked").stat().st_mtime
        except FileNotFoundError:
            return True
        return time.time() - asked >= self._period.total_seconds()


def _unpack(wheels: list[bytes], folder: Path) -> None:
    """zipfile keeps every name within the folder: https://docs.python.org/3/library/zipfile.html"""
    for content in wheels:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if sum(info.file_size for info in archive.infolist()) > 256 * MB:
                raise UpdateFailed("the wheel unpacks to more than 256 MB")
            archive.extractall(folder)
    _launcher(folder)


def _launcher(folder: Path) -> None:
    launcher = folder / "yt-dlp"
    launcher.write_text(_LAUNCHER.format(python=sys.executable, folder=str(folder)))
    launcher.chmod(0o700)


async def _try(launcher: Path, folder: Path) -> None:
    """Raises UpdateFailed unless it reads a page of ours, as a whole run does."""
    async with _page() as url:
        options = ["--ignore-config", "--no-plugin-dirs", "--no-cache-dir", "--no-update", "--quiet"]
        command = [str(launcher), *options, "--simulate", "--print", "title", url]
        async with child_process(
            command, cwd=folder, env=environment(folder), limits=_LIMITS, stall_timeout=60
        ) as child:
            said = [line async for line in child.lines()]
            code = await child.wait()
    if code != 0 or not said or not said[0].startswith("A page"):
        raise UpdateFailed(f"the new version does not run: exit code {code}, {child.last_stderr_line[:200]}")


@asynccontextmanager
async def _page() -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/":
            return web.Response(text=_PAGE, content_type="text/html")
        return web.Response(body=b"ID3", content_type="audio/mpeg")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
