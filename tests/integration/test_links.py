"""Links as people paste them, downloaded from a site with the habits of real ones."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp.abc import AbstractResolver
from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import DownloadedFile
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.address_policy import AddressPolicy, NetworkRules
from audioprep.activities.download.http_download import Downloader
from audioprep.activities.ytdlp.client import YtDlp
from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError
from audioprep.jobs.status import Stage
from tests.support.audio import make_audio
from tests.support.linksite import LinkSite, open_link_site

POLICY = AddressPolicy(allow_private=True)
SIGNED = [
    "plain.mp3?e=1",
    "ep%20one.mp3?response-content-disposition=attachment%3B%20filename%3D%22a.mp3%22&e=1",
    "ep.mp3?response-content-type=audio%2Fmpeg&e=1",
    "a%28b%29%2fc.mp3?e=1",
    "a%27b.mp3?who=me%40x.org&e=1",
    "sig.mp3?Signature=qZ0%2Fx%2BPP2g%3D&X-Goog-Credential=a%40b%2F2026&e=1",
]
NAMES = {
    'attachment; filename="My Episode.mp3"': "My Episode.mp3",
    "attachment; filename=\"x.mp3\"; filename*=UTF-8''%C3%9Cber%20alles.mp3": "\u00dcber alles.mp3",
    "attachment; filename=My Episode.mp3": "My Episode.mp3",
    "attachment;filename=a;b.mp3": "a;b.mp3",
    "attachment; filename=My Episode.mp3; size=3": "My Episode.mp3",
    'attachment; filename="=?UTF-8?B?w5xiZXIubXAz?="': "\u00dcber.mp3",
    'attachment; filename="../../etc/passwd.mp3"': "passwd.mp3",
    "inline": "named",
}
SENTENCES = {
    "feed": "feed of a podcast: submit it as a playlist",
    "atom": "feed of a podcast",
    "hls": "list of parts of a stream .*sourceType youtube",
    "dash": "list of parts of a stream",
    "m3u": "list of recordings for players",
    "pls": "list of recordings for players",
    "zip": "archive",
    "pdf": "document or picture",
    "json": "answer for programs",
    "page": "web page",
}


class NoSuchName(AbstractResolver):
    """A DNS server that says NXDOMAIN, or that it cannot say."""

    def __init__(self, code: int) -> None:
        self._code = code

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[object]:  # type: ignore[override]
        raise socket.gaierror(self._code, "no")

    async def close(self) -> None:
        """Nothing was opened."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_audio(tmp_path_factory.mktemp("sound") / "tone.mp3", 12, "-b:a", "64k").read_bytes()


@pytest.fixture
async def site(sound: bytes) -> AsyncIterator[LinkSite]:
    async with open_link_site(sound) as site:
        yield site


async def fetch(
    url: str, folder: Path, *, ytdlp: bool = False, lookup: AbstractResolver | None = None
) -> DownloadedFile:
    scratch = folder / "scratch"
    await asyncio.to_thread(scratch.mkdir)

    async def attempt() -> DownloadedFile:
        step = AttemptContext(Stage.DOWNLOADING, scratch)
        if ytdlp:
            return await YtDlp(NetworkRules(POLICY, frozenset("*")), MediaLimits()).fetch(url, step)
        return await Downloader(POLICY, MediaLimits(), lookup).fetch(url, step)

    return await ActivityEnvironment().run(attempt)


@pytest.mark.parametrize("target", SIGNED)
@pytest.mark.parametrize("through", ["directly", "behind a redirect"])
async def test_a_signed_url_is_asked_for_as_it_is(target: str, through: str, site: LinkSite, tmp_path: Path) -> None:
    url = site.signed(target)

    got = await fetch(url if through == "directly" else site.url(f"to/{url}"), tmp_path)

    assert got.path.read_bytes() == site.sound


async def test_a_chain_of_twenty_redirects_is_followed(site: LinkSite, tmp_path: Path) -> None:
    assert (await fetch(site.url("hop/20"), tmp_path)).path.read_bytes() == site.sound


async def test_a_longer_chain_is_refused(site: LinkSite, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="more than 20 redirects"):
        await fetch(site.url("hop/21"), tmp_path)


async def test_a_cookie_of_the_chain_comes_back(site: LinkSite, tmp_path: Path) -> None:
    assert (await fetch(site.url("gate"), tmp_path)).path.read_bytes() == site.sound


@pytest.mark.parametrize("header", NAMES)
async def test_a_name_is_read_as_browsers_do(header: str, site: LinkSite, tmp_path: Path) -> None:
    assert (await fetch(site.url(f"named?as={quote(header)}"), tmp_path)).name == NAMES[header]


@pytest.mark.parametrize("path", ["typed?as=text/html", "typed?as=text/plain", "whole", "s/AbCdEfGhIjKlMnO"])
async def test_a_file_is_taken_for_what_it_is(path: str, site: LinkSite, tmp_path: Path) -> None:
    assert (await fetch(site.url(path), tmp_path)).path.read_bytes() == site.sound


@pytest.mark.parametrize("body", SENTENCES)
async def test_what_is_no_file_is_named_with_its_remedy(body: str, site: LinkSite, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=SENTENCES[body]) as raised:
        await fetch(site.url(f"body/{body}"), tmp_path)

    assert raised.value.kind is ErrorKind.UNSUPPORTED_MEDIA


@pytest.mark.parametrize("ytdlp", [False, True])
async def test_a_download_that_breaks_off_is_resumed(ytdlp: bool, site: LinkSite, tmp_path: Path) -> None:
    got = await fetch(site.url("cut"), tmp_path, ytdlp=ytdlp)

    assert got.path.read_bytes() == site.sound
    assert any(asked and asked != "bytes=0-" for asked in site.ranges)


async def test_without_ranges_it_is_begun_anew_later(site: LinkSite, tmp_path: Path) -> None:
    with pytest.raises(TransientError, match="broke off"):
        await fetch(site.url("cut/without"), tmp_path)

    assert site.ranges == [None]


@pytest.mark.parametrize(("code", "error"), [(socket.EAI_NONAME, PermanentError), (socket.EAI_AGAIN, TransientError)])
async def test_a_name_that_does_not_exist_is_final(code: int, error: type[JobError], tmp_path: Path) -> None:
    with pytest.raises(error, match=r"no\.example"):
        await fetch("http://no.example/a.mp3", tmp_path, lookup=NoSuchName(code))
