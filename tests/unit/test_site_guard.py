"""When a site is left alone, and by which exit it is visited: decisions of one worker."""

from pathlib import Path

import pytest

from audioprep.activities.download.exits.access import OWN_LINE, SiteAccess
from audioprep.activities.download.exits.exit import Exit, parse_exits
from audioprep.activities.download.exits.guard import SiteGuard
from audioprep.activities.ytdlp.cookies import check_no_account, copy_cookies
from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError

SITE = "youtube.com"
TWO = parse_exits("http://u-{session}:p%2Cw@gw:7000,direct")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def refused(guard: SiteGuard, exits: tuple[Exit, ...], turn: int = 0) -> JobError:
    try:
        async with guard.visit(SITE, exits, turn) as visit:
            raise guard.refused(visit, PermanentError(ErrorKind.BOT_CHECK, "not a bot"))
    except JobError as error:
        return error


async def test_the_pause_ends_by_itself() -> None:
    clock = Clock()
    guard = SiteGuard(pause=10, clock=clock)

    assert isinstance(await refused(guard, OWN_LINE), PermanentError)
    with pytest.raises(PermanentError, match="not a bot"):
        async with guard.visit(SITE, OWN_LINE, 0):
            pytest.fail("a visit in the pause")
    clock.now = 11
    async with guard.visit(SITE, OWN_LINE, 0):
        pass


async def test_another_site_is_not_paused() -> None:
    guard = SiteGuard()
    await refused(guard, OWN_LINE)

    async with guard.visit("vimeo.com", OWN_LINE, 0) as visit:
        assert visit.exit == Exit()


async def test_with_an_exit_left_a_refusal_may_pass() -> None:
    guard = SiteGuard()

    errors = [await refused(guard, TWO, turn) for turn in (0, 1)]

    assert [type(error) for error in errors] == [TransientError, PermanentError]


async def test_without_a_pause_nothing_is_remembered() -> None:
    guard = SiteGuard(pause=0)
    await refused(guard, OWN_LINE)

    async with guard.visit(SITE, OWN_LINE, 0):
        pass


def test_an_exit_shows_neither_user_nor_password() -> None:
    gateway = TWO[0].with_session("abc")

    assert (gateway.label, gateway.user, gateway.password) == ("gw:7000", "u-abc", "p,w")
    assert "abc" not in repr(gateway)
    assert "p,w" not in repr(gateway)


@pytest.mark.parametrize(
    "text",
    ["gw:7000", "ftp://gw:1", "http://gw", "http://u-{job}@gw:1", "http://gw:1/path", "http://[::1", "socks4://g:1"],
)
def test_what_is_no_exit_is_refused_without_its_secrets(text: str) -> None:
    with pytest.raises(ValueError, match="exit") as raised:
        parse_exits(text.replace("://", "://user:secret@", 1))

    assert "secret" not in str(raised.value)


def test_exits_are_for_their_sites_alone() -> None:
    access = SiteAccess(exits=TWO)

    assert access.exits_for("www.youtube.com") == TWO
    assert access.exits_for("notyoutube.com") == OWN_LINE


@pytest.mark.parametrize(
    ("host", "kept"), [("youtu.be", ["a"]), ("music.youtube.com", ["a"]), ("www.vimeo.com", ["b"]), ("x.example", [])]
)
def test_a_run_gets_the_cookies_of_its_site(host: str, kept: list[str], tmp_path: Path) -> None:
    lines = ["#HttpOnly_.youtube.com\tFALSE\t/\tTRUE\t1.5\tSID\ta", "vimeo.com\tTRUE\t/\tTRUE\t\tSID\tb"]
    lines += [
        ".com\tTRUE\t/\tTRUE\t0\tSID\tc",
        "# a comment",
        "youtube.com\tbroken",
        ".google.com\tTRUE\t/\tTRUE\t0\tS\td",
    ]
    source = tmp_path / "cookies.txt"
    source.write_text("\n".join(lines))

    copy = copy_cookies(source, host, tmp_path / "copy.txt")

    assert [line.split("\t")[6] for line in copy.read_text().splitlines()[1:]] == kept
    assert copy.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("url", ["https://www.youtube.com/watch?v=a&list=PLWL", "https://www.youtube.com/@feed/videos"])
def test_what_is_public_may_be_asked_for(url: str) -> None:
    check_no_account(url)
