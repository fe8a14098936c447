"""A newer yt-dlp from a package index on loopback: taken only when it is what the index says, and works."""

import hashlib
import sys
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import structlog
from aiohttp import web
from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import DownloadedFile
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.address_policy import AddressPolicy, NetworkRules
from audioprep.activities.download.exits.access import SiteAccess
from audioprep.activities.ytdlp.client import YtDlp
from audioprep.activities.ytdlp.command import program, version_of
from audioprep.activities.ytdlp.update.updater import YtdlpUpdater
from audioprep.jobs.status import Stage
from tests.support.audio import make_audio
from tests.support.processes import free_port
from tests.support.site import open_site

NEWER = "2099.1.1"
WORKS = "def main():\n    print('A page')\n"
BROKEN = "def main():\n    raise SystemExit('it does not work')\n"


def wheel(project: str, version: str, files: dict[str, bytes], requires: str = "") -> bytes:
    metadata = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n{requires}"
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr(f"{project.replace('-', '_')}-{version}.dist-info/METADATA", metadata)
    return made.getvalue()


def made(version: str, source: str = WORKS, requires: str = "") -> bytes:
    return wheel("yt-dlp", version, {"yt_dlp/__init__.py": source.encode()}, requires)


def installed(package: str) -> dict[str, bytes]:
    """The files of the installed package."""
    root = next(path for path in map(Path, sys.path) if (path / package).is_dir())
    files = (file for file in (root / package).rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return {str(file.relative_to(root)): file.read_bytes() for file in files}


@dataclass
class LocalIndex:
    """`wheels` by project and version; `lies` gives other hashes than the files have."""

    port: int
    wheels: dict[tuple[str, str], bytes] = field(default_factory=dict)
    lies: bool = False
    hits: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/simple"

    async def answer(self, request: web.Request) -> web.Response:
        self.hits.append(request.path)
        kind, _, rest = request.path.lstrip("/").partition("/")
        if kind == "files":
            project, _, version = rest.removesuffix("-py3-none-any.whl").rpartition("-")
            return web.Response(body=self.wheels[(project.replace("_", "-"), version)])
        project = rest.strip("/")
        files = [
            self._file(name, version, content) for (name, version), content in self.wheels.items() if name == project
        ]
        return web.json_response({"meta": {"api-version": "1.1"}, "name": project, "files": files})

    def _file(self, project: str, version: str, content: bytes) -> dict[str, object]:
        name = f"{project.replace('-', '_')}-{version}-py3-none-any.whl"
        digest = hashlib.sha256(b"other" if self.lies else content).hexdigest()
        return {"filename": name, "url": f"../../files/{name}", "hashes": {"sha256": digest}, "yanked": False}


@pytest.fixture
async def index() -> AsyncIterator[LocalIndex]:
    local = LocalIndex(free_port())
    async with _served(local):
        yield local


@asynccontextmanager
async def _served(local: LocalIndex) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_get("/{path:.*}", local.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", local.port).start()
    try:
        yield
    finally:
        await runner.cleanup()


def updater(index: LocalIndex, folder: Path) -> YtdlpUpdater:
    return YtdlpUpdater(index.url, folder, timedelta(days=7))


async def test_a_newer_version_is_taken_with_its_scripts_and_runs(index: LocalIndex, tmp_path: Path) -> None:
    pin = "Requires-Dist: yt-dlp-ejs==1.0.0; extra == 'default'\n"
    index.wheels[("yt-dlp", NEWER)] = wheel("yt-dlp", NEWER, installed("yt_dlp"), pin)
    index.wheels[("yt-dlp-ejs", "1.0.0")] = wheel("yt-dlp-ejs", "1.0.0", installed("yt_dlp_ejs"))
    make_audio(tmp_path / "site/tone.mp3", 3)
    folder, scratch = tmp_path / "updates", tmp_path / "scratch"
    scratch.mkdir()

    with structlog.testing.capture_logs() as said:
        taken = await updater(index, folder).run_once()
    assert taken, said

    async def fetch(url: str) -> DownloadedFile:
        rules = NetworkRules(AddressPolicy(allow_private=True), frozenset("*"), access=SiteAccess(updates=folder))
        return await YtDlp(rules, MediaLimits()).fetch(url, AttemptContext(Stage.DOWNLOADING, scratch))

    async with open_site(tmp_path / "site") as site:
        await ActivityEnvironment().run(fetch, site.url("file/tone.mp3"))
    assert [line["event"] for line in said] == ["ytdlp_updated"]
    assert program(folder) == str(folder / NEWER / "yt-dlp")
    assert version_of(program(folder)) == NEWER
    assert (folder / NEWER / "yt_dlp_ejs").is_dir()


@pytest.mark.parametrize(
    ("wheels", "lies", "words"),
    [
        ({("yt-dlp", NEWER): made(NEWER)}, True, "hash"),
        ({("yt-dlp", NEWER): made(NEWER, BROKEN)}, False, "does not run"),
        ({("yt-dlp", NEWER): made(NEWER, requires="Requires-Dist: yt-dlp-ejs==9.9\n")}, False, "yt-dlp-ejs 9.9"),
        ({("yt-dlp", NEWER): b"no wheel"}, False, "not a zip"),
    ],
)
async def test_what_is_not_right_is_not_taken(
    wheels: dict[tuple[str, str], bytes], lies: bool, words: str, index: LocalIndex, tmp_path: Path
) -> None:
    index.wheels, index.lies = wheels, lies

    with structlog.testing.capture_logs() as said:
        assert not await updater(index, tmp_path).run_once()

    assert [(line["event"], words in line["error"]) for line in said] == [("ytdlp_update_failed", True)]
    assert program(tmp_path) == program()
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


async def test_an_older_version_is_left_alone(index: LocalIndex, tmp_path: Path) -> None:
    index.wheels[("yt-dlp", "2020.1.1")] = made("2020.1.1")

    assert await updater(index, tmp_path).run_once()

    assert index.hits == ["/simple/yt-dlp/"]
    assert program(tmp_path) == program()


async def test_the_newest_replaces_the_one_before(index: LocalIndex, tmp_path: Path) -> None:
    for version in (NEWER, "2099.2.1", "2099.3.1"):
        index.wheels[("yt-dlp", version)] = made(version)
        assert await updater(index, tmp_path).run_once()

    assert version_of(program(tmp_path)) == "2099.3.1"
    assert sorted(path.name for path in tmp_path.glob("2099*")) == ["2099.2.1", "2099.3.1"]


async def test_an_index_that_is_away_changes_nothing(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as said:
        assert not await updater(LocalIndex(free_port()), tmp_path).run_once()

    assert "could not be asked" in said[0]["error"]
