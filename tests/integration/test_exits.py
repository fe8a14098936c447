"""Exits and accounts of the operator's: what leaves by them, what a site sees, and what stays secret."""

import asyncio
import dataclasses
import hashlib
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import structlog
from aiohttp import web
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import DownloadedFile
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.address_policy import AddressPolicy, NetworkRules
from audioprep.activities.download.exits.access import CookiesWhen, SiteAccess
from audioprep.activities.download.exits.exit import parse_exits
from audioprep.activities.download.exits.guard import SiteGuard
from audioprep.activities.ytdlp import command
from audioprep.activities.ytdlp.client import YtDlp
from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError
from audioprep.jobs.status import Stage
from tests.support.audio import make_audio
from tests.support.exitproxy import PASSWORD, ExitProxy, open_exit
from tests.support.processes import free_port
from tests.support.site import Site, open_site
from tests.support.waiting import eventually
from tests.support.youtube import URL, MadeYouTube

HERE = frozenset({"127.0.0.1", "youtube.com"})
SECRET = "cookie-value-of-the-account"  # noqa: S105 - of a test


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    make_audio(tmp_path / "site/tone.mp3", 3)
    make_audio(tmp_path / "site/tone.m4a", 3)
    async with open_site(tmp_path / "site") as site:
        yield site


@pytest.fixture
async def exit_proxy() -> AsyncIterator[ExitProxy]:
    async with open_exit() as proxy:
        yield proxy


@pytest.fixture
def youtube(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> MadeYouTube:
    made = MadeYouTube(tmp_path / "program", site.port)
    program = str(made.install())
    monkeypatch.setattr(command, "program", lambda *_: program)
    return made


def rules(access: SiteAccess, *, private: bool = True) -> NetworkRules:
    return NetworkRules(AddressPolicy(allow_private=private), frozenset("*"), access=access)


def through(*proxies: ExitProxy | str) -> SiteAccess:
    exits = ",".join(each if isinstance(each, str) else each.url for each in proxies)
    return SiteAccess(exits=parse_exits(exits), exit_hosts=HERE)


async def fetch(network: NetworkRules, url: str, folder: Path, attempt: int = 1, job: str = "job") -> DownloadedFile:
    scratch = folder / f"scratch-{job}-{attempt}"
    await asyncio.to_thread(scratch.mkdir)
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, attempt=attempt, workflow_id=job)

    async def run() -> DownloadedFile:
        return await YtDlp(network, MediaLimits()).fetch(url, AttemptContext(Stage.DOWNLOADING, scratch))

    return await environment.run(run)


def command_lines() -> str:
    """Of all processes, as every user of the machine reads them."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            lines.append(file.read_bytes().decode("utf-8", "replace"))
    return "\n".join(lines)


async def test_an_attempt_leaves_by_one_exit_and_session(site: Site, exit_proxy: ExitProxy, tmp_path: Path) -> None:
    network = rules(through(exit_proxy))
    running = asyncio.create_task(fetch(network, site.url("held/tone.mp3"), tmp_path))
    await eventually(lambda: _async(bool(site.hits)), within=30)
    lines = command_lines()
    site.released.set()
    await running
    first = set(exit_proxy.users)
    await fetch(network, site.url("file/tone.mp3"), tmp_path, attempt=2)

    assert len(first) == 1
    assert len(exit_proxy.users) == 2
    assert "yt-dlp" in lines
    assert not any(secret in lines for secret in (PASSWORD, *exit_proxy.users, site.url("")))
    assert {target.rpartition(":")[0] for target in exit_proxy.tunnels} == {"127.0.0.1"}


async def _async(value: bool) -> bool:
    return value


async def test_a_site_without_exits_is_visited_directly(site: Site, exit_proxy: ExitProxy, tmp_path: Path) -> None:
    access = dataclasses.replace(through(exit_proxy), exit_hosts=frozenset({"youtube.com"}))

    await fetch(rules(access), site.url("file/tone.mp3"), tmp_path)

    assert exit_proxy.tunnels == []


async def test_an_exit_is_not_asked_for_a_private_address(site: Site, exit_proxy: ExitProxy, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="does not lead to a public address"):
        await fetch(rules(through(exit_proxy), private=False), site.url("file/tone.mp3"), tmp_path)

    assert (exit_proxy.tunnels, sum(site.hits.values())) == ([], 0)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("407 Proxy Authentication Required", ErrorKind.EXIT_FAILED), ("502 Bad Gateway", ErrorKind.NETWORK)],
)
async def test_the_next_attempt_takes_the_next_exit(
    answer: str, kind: ErrorKind, site: Site, exit_proxy: ExitProxy, tmp_path: Path
) -> None:
    exit_proxy.answer = answer
    network = rules(through(exit_proxy, "direct"))
    first = next(number for number in range(9) if _begins_with_proxy(network, f"job-{number}"))

    with structlog.testing.capture_logs() as said, pytest.raises(TransientError) as raised:
        await fetch(network, site.url("file/tone.mp3"), tmp_path, job=f"job-{first}")
    await fetch(network, site.url("file/tone.mp3"), tmp_path, attempt=2, job=f"job-{first}")

    assert raised.value.kind is kind
    for secret in (PASSWORD, *exit_proxy.users):
        assert secret not in f"{said} {raised.value.message}"


def _begins_with_proxy(network: NetworkRules, job: str) -> bool:
    exits = network.access.exits
    turn = int(hashlib.sha256(job.encode()).hexdigest()[:8], 16)
    return bool(exits[turn % len(exits)].scheme)


async def test_an_exit_may_be_socks(site: Site, tmp_path: Path) -> None:
    port = free_port()
    argv = [sys.executable, "-m", "pproxy", "-l", f"socks5://127.0.0.1:{port}#user:{PASSWORD}"]
    server = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.DEVNULL)
    try:
        await eventually(lambda: _listens(port), within=20)
        wrong = rules(through(f"socks5h://user:wrong@127.0.0.1:{port}"))  # first: pproxy remembers who was let in
        with pytest.raises(TransientError) as raised:
            await fetch(wrong, site.url("file/tone.mp3"), tmp_path, job="wrong")
        network = rules(through(f"socks5h://user:{PASSWORD}@127.0.0.1:{port}"))
        await fetch(network, site.url("file/tone.mp3"), tmp_path)
    finally:
        server.terminate()
        await server.wait()

    assert raised.value.kind is ErrorKind.EXIT_FAILED


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def test_a_refusal_takes_the_next_exit_then_pauses(
    youtube: MadeYouTube, exit_proxy: ExitProxy, tmp_path: Path
) -> None:
    network = rules(through(exit_proxy, "direct"))
    youtube.answers("LOGIN_REQUIRED", "Sign in to confirm you\u2019re not a bot")
    errors: list[JobError] = []

    for attempt in (1, 2, 3):
        with pytest.raises(JobError) as raised:
            await fetch(network, URL, tmp_path, attempt)
        errors.append(raised.value)

    assert [type(error) for error in errors] == [TransientError, PermanentError, PermanentError]
    assert {error.kind for error in errors} == {ErrorKind.BOT_CHECK}
    assert len(youtube.runs) == 2


async def test_a_crowd_at_a_site_that_refuses_makes_one_visit(youtube: MadeYouTube, tmp_path: Path) -> None:
    network = rules(SiteAccess())
    youtube.answers("LOGIN_REQUIRED", "Sign in to confirm you\u2019re not a bot")

    async def entry(number: int) -> ErrorKind:
        while True:
            try:
                await fetch(network, URL, tmp_path / f"{number}", job=f"job-{number}")
            except JobError as error:
                return error.kind
            except ApplicationError:  # of kind SITE_BUSY
                await asyncio.to_thread((tmp_path / f"{number}" / f"scratch-job-{number}-1").rmdir)
                await asyncio.sleep(0.2)

    for number in range(20):
        (tmp_path / f"{number}").mkdir()
    kinds = await asyncio.gather(*(entry(number) for number in range(20)))

    assert set(kinds) == {ErrorKind.BOT_CHECK}
    assert len(youtube.runs) == 1


def cookie_file(folder: Path) -> Path:
    domains = ("127.0.0.1", "127.0.0.2", ".other.example", ".youtube.com")
    lines = ("\t".join([domain, "FALSE", "/", "FALSE", "2000000000", "SID", SECRET]) for domain in domains)
    file = folder / "cookies.txt"
    file.write_text("\n".join(["# Netscape HTTP Cookie File", *lines]) + "\n")
    return file


async def test_ten_runs_share_a_cookie_file_unharmed(tmp_path: Path) -> None:
    file = cookie_file(tmp_path)
    before = file.read_bytes()
    got: list[tuple[str, str | None]] = []
    sound = make_audio(tmp_path / "tone.mp3", 3).read_bytes()

    async def answer(request: web.Request) -> web.Response:
        got.append((request.host.split(":")[0], request.cookies.get("SID")))
        if request.path == "/away.mp3":
            there = f"http://127.0.0.2:{request.url.port}/tone.mp3"
            return web.Response(status=302, headers={"Location": there, "Set-Cookie": "SID=rotated; Path=/"})
        return web.Response(body=sound, content_type="audio/mpeg")

    port = free_port()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    for host in ("127.0.0.1", "127.0.0.2"):
        await web.TCPSite(runner, host, port).start()
    access = SiteAccess(cookies=file, cookies_when=CookiesWhen.ALWAYS)
    network = dataclasses.replace(rules(access), guard=SiteGuard(runs=10))
    try:
        await fetch(network, f"http://127.0.0.1:{port}/first.mp3", tmp_path, job="first")
        urls = [f"http://127.0.0.1:{port}/{'away' if number % 2 else 'here'}.mp3" for number in range(10)]
        await asyncio.gather(*(fetch(network, url, tmp_path, job=f"{n}") for n, url in enumerate(urls)))
    finally:
        await runner.cleanup()

    assert {cookie for host, cookie in got if host == "127.0.0.1"} == {SECRET}
    assert {cookie for host, cookie in got if host == "127.0.0.2"} == {None}
    assert file.read_bytes() == before
    assert not list(tmp_path.glob("scratch-*/cookies.txt"))


async def test_an_account_is_used_once_it_is_asked_for(youtube: MadeYouTube, tmp_path: Path) -> None:
    network = rules(SiteAccess(cookies=cookie_file(tmp_path)))
    youtube.answers("LOGIN_REQUIRED", "This video is private")

    with structlog.testing.capture_logs() as said, pytest.raises(PermanentError, match="private"):
        await fetch(network, URL, tmp_path)

    assert len(said) == 2
    assert SECRET not in str(said)
    assert len(youtube.runs) == 2
    assert not any("--cookies" in arguments for arguments in youtube.runs)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/playlist?list=WL",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ&list=LL",
        "https://www.youtube.com/feed/history",
        "https://music.youtube.com/browse/VLLM",
        "https://consent.youtube.com/m?continue=https%3A%2F%2Fwww.youtube.com%2Ffeed%2Fsubscriptions",
    ],
)
async def test_a_list_of_the_account_is_refused(url: str, youtube: MadeYouTube, tmp_path: Path) -> None:
    network = rules(SiteAccess(cookies=cookie_file(tmp_path)))

    with pytest.raises(PermanentError, match="operator's own account"):
        await fetch(network, url, tmp_path)

    assert youtube.runs == []


async def test_a_plugin_brings_the_po_token(youtube: MadeYouTube, site: Site, tmp_path: Path) -> None:
    async def provide(request: web.Request) -> web.Response:
        if request.path == "/ping":
            return web.json_response({"version": "1.3.2", "server_uptime": 1})
        return web.json_response({"poToken": "cG8tdG9rZW4tb2YtYS10ZXN0", "contentBinding": "x"})

    port = free_port()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", provide)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    plugins = tmp_path / "plugins/bgutil"
    plugins.mkdir(parents=True)
    packages = next(path for path in map(Path, sys.path) if (path / "yt_dlp_plugins").is_dir())
    (plugins / "yt_dlp_plugins").symlink_to(packages / "yt_dlp_plugins")
    youtube.client = "mweb"
    youtube.formats = [youtube.sound(140, "tone.m4a")]
    youtube.answers()
    arguments = (
        "youtube:player_client=mweb;visitor_data=CgtBQUFBQUFBQUFBQSiA",
        f"youtubepot-bgutilhttp:base_url=http://127.0.0.1:{port}",
    )
    access = SiteAccess(extractor_args=arguments, plugins=plugins.parent)
    try:
        await fetch(rules(access), URL, tmp_path)
    finally:
        await runner.cleanup()

    assert site.hits["/file/tone.m4a"] > 0
