"""A public site that tries to lead us inwards: by redirects, names, pages, manifests and lists."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.address_policy import NetworkRules
from audioprep.activities.download.http_download import Downloader
from audioprep.activities.ytdlp.client import YtDlp
from audioprep.jobs.status import Stage
from tests.hostile.case import Arena, Attack, Case, Expect
from tests.hostile.cases.addresses import HOSTS, fetch
from tests.support.fake_network import INTERNAL, PUBLIC, Names, StagedPolicy
from tests.support.site import Site, open_site

Page: TypeAlias = Callable[[str], str]

_M3U8 = "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{}\n#EXT-X-ENDLIST\n"
_KEYED = '#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXT-X-KEY:METHOD=AES-128,URI="{}"\n#EXTINF:3,\na.ts\n#EXT-X-ENDLIST\n'
_DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S">'
    '<Period><AdaptationSet mimeType="audio/mp4"><Representation id="1" codecs="mp4a.40.2" bandwidth="1">'
    "<BaseURL>{}</BaseURL></Representation></AdaptationSet></Period></MPD>"
)
# What yt-dlp's generic extractor follows on its own: file name, and the content around the inward URL.
PAGES: dict[str, tuple[str, str]] = {
    "m3u8 segment": ("a.m3u8", _M3U8),
    "m3u8 key": ("b.m3u8", _KEYED),
    "m3u8 variant": ("c.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{}\n"),
    "DASH segment": ("d.mpd", _DASH),
    "page with a video": ("e.html", "<html><title>x</title><body><video src='{}'></video></body></html>"),
    "page of open graph": ("f.html", "<html><head><meta property='og:video' content='{}'></head></html>"),
    "page that refreshes": ("g.html", "<html><head><meta http-equiv='refresh' content='0; url={}'></head></html>"),
    "page with an iframe": ("h.html", "<html><body><iframe src='{}'></iframe></body></html>"),
    "SMIL": ("i.smil", "<smil><body><switch><video src='{}'/></switch></body></smil>"),
}


def cases() -> Iterator[Case]:
    for host in HOSTS[::4]:
        yield Case("redirect", f"to {host}", Expect.REFUSED, _redirected(f"http://{host}:{{port}}/a.mp3"))
    for target in ("file:///etc/passwd", "ftp://x/", "//", "http://", "", "http://user:hunter2@{service}/", "\\\\x\\y"):
        yield Case("redirect", f"to {target or 'nowhere'}", Expect.REFUSED, _redirected(target))
    yield Case("redirect", "through another one", Expect.REFUSED, _redirected("{public}/redirect/x?to={inward}"))
    yield Case("redirect", "in a loop", Expect.REFUSED, _redirected("{public}/loop/1"))
    yield Case("name", "with a private address among others", Expect.REFUSED, _named((PUBLIC, INTERNAL)))
    yield Case("name", "with a mapped address", Expect.REFUSED, _named((f"::ffff:{INTERNAL}",)))
    yield Case("name", "that changes before the redirect", Expect.REFUSED, _rebinding())
    yield Case("name", "that changes after the look-up", Expect.RIGHT, _named((PUBLIC,), (INTERNAL,)))
    yield Case("download", "without end", Expect.REFUSED, _redirected("{public}/endless/tone.mp3"))
    yield Case("download", "through proxies of the environment", Expect.RIGHT, _through_the_environment())
    for title, (name, content) in PAGES.items():
        yield Case("yt-dlp", title, Expect.REFUSED, _paged(name, content))
    yield Case("yt-dlp", "redirect", Expect.REFUSED, _redirected("{inward}", ytdlp=True))
    yield Case("yt-dlp", "list of inward URLs", Expect.REFUSED, _listed())


def _filled(text: str, site: Site, service: str) -> str:
    words = {"service": service, "port": service.split(":")[1], "public": site.url("").rstrip("/")}
    return text.replace("{inward}", f"http://{service}/a.mp3").format(**words) if "{" in text else text


def _redirected(target: str, *, ytdlp: bool = False) -> Attack:
    async def attack(arena: Arena) -> str:
        async with open_site(arena.corpus) as site:
            url = site.url(f"redirect/x?to={quote(_filled(target, site, arena.forbidden), safe='')}")
            return (await fetch(url, arena.folder, StagedPolicy(), ytdlp=ytdlp, any_host=True)).name

    return attack


def _paged(name: str, content: str) -> Attack:
    async def attack(arena: Arena) -> str:
        _write(arena.folder / "site" / name, content.format(f"http://{arena.forbidden}/a.mp4"))
        (arena.folder / "site/a.ts").write_bytes(bytes(188))
        _scratch(arena).mkdir()
        async with open_site(arena.folder / "site") as site:
            url = site.url(f"file/{name}")
            return (await fetch(url, _scratch(arena), StagedPolicy(), ytdlp=True, any_host=True)).name

    return attack


def _listed() -> Attack:
    async def attack(arena: Arena) -> str:
        inward = f"http://{arena.forbidden}/feed"
        _write(arena.folder / "site/list.html", f"<meta http-equiv='refresh' content='0; url={inward}'>")
        ytdlp = YtDlp(NetworkRules(StagedPolicy(), frozenset("*")), MediaLimits())
        async with open_site(arena.folder / "site") as site:

            async def attempt() -> int:
                return len(
                    await ytdlp.expand(site.url("file/list.html"), 5, AttemptContext(Stage.EXPANDING, arena.folder))
                )

            return f"{await ActivityEnvironment().run(attempt)} entries"

    return attack


def _named(*answers: tuple[str, ...]) -> Attack:
    async def attack(arena: Arena) -> str:
        async with open_site(arena.corpus) as site:
            return await _by_name(f"http://name.example:{site.port}/file/tone.mp3", arena, Names(*answers))

    return attack


def _rebinding() -> Attack:
    async def attack(arena: Arena) -> str:
        async with open_site(arena.corpus) as site:
            inward = f"http://name.example:{arena.forbidden.split(':')[1]}/a.mp3"
            url = f"http://name.example:{site.port}/redirect/x?to={inward}"
            return await _by_name(url, arena, Names((PUBLIC,), (INTERNAL,)))

    return attack


async def _by_name(url: str, arena: Arena, names: Names) -> str:
    downloader = Downloader(StagedPolicy(), MediaLimits(max_bytes=2_000_000), names)

    async def attempt() -> str:
        return (await downloader.fetch(url, AttemptContext(Stage.DOWNLOADING, arena.folder))).name

    return await ActivityEnvironment().run(attempt)


def _through_the_environment() -> Attack:
    async def attack(arena: Arena) -> str:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            os.environ[name] = f"http://{arena.forbidden}"  # of this case's own process
        async with open_site(arena.corpus) as site:
            return (await fetch(site.url("file/tone.mp3"), arena.folder, StagedPolicy())).name

    return attack


def _scratch(arena: Arena) -> Path:
    return arena.folder / "scratch"


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
