"""What `check` says of the operator's cookie file."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from audioprep.activities.ytdlp.cookies import read_cookies
from audioprep.checks.cookies import verdict
from audioprep.checks.finding import CheckWarning

NOW = datetime(2026, 11, 25, tzinfo=UTC)
VALUE = "the-value-of-a-cookie"


def day(text: str) -> str:
    return str(int(datetime.fromisoformat(f"{text}T00:00:00+00:00").timestamp()))


def line(name: str, expires: str, domain: str = ".youtube.com") -> str:
    return "\t".join([domain, "TRUE", "/", "TRUE", expires, name, VALUE])


def said(folder: Path, *lines: str) -> str:
    file = folder / "cookies.txt"
    file.write_text("\n".join(["# Netscape HTTP Cookie File", *lines]) + "\n")
    return verdict(file, read_cookies(file), NOW)


def test_the_first_login_cookie_to_expire_counts(tmp_path: Path) -> None:
    lines = [line("LOGIN_INFO", day("2027-10-01")), line("SAPISID", f"{day('2027-09-01')}.5"), line("YSC", "1")]

    assert said(tmp_path, *lines) == "cookies.txt: cookies of 1 domains, YouTube's login until 2027-09-01"


@pytest.mark.parametrize(
    ("lines", "warns"),
    [
        pytest.param([line("LOGIN_INFO", day("2026-11-01"))], "has expired on 2026-11-01", id="expired"),
        pytest.param(["#HttpOnly_" + line("LOGIN_INFO", day("2026-12-01"))], "2026-12-01, in 6 days", id="soon"),
        pytest.param([line("VISITOR_INFO1_LIVE", day("2027-11-01"))], "but of no login", id="a guest's cookies"),
    ],
)
def test_cookies_of_little_use_are_a_warning(tmp_path: Path, lines: list[str], warns: str) -> None:
    with pytest.raises(CheckWarning, match=warns) as raised:
        said(tmp_path, *lines)

    assert "export it anew" in str(raised.value)
    assert VALUE not in str(raised.value)


@pytest.mark.parametrize(
    "content", ["", '[{"domain": ".youtube.com", "name": "SID"}]', "SID=1; HSID=2", line("SID", "1").replace("\t", " ")]
)
def test_another_form_is_a_fault(tmp_path: Path, content: str) -> None:
    with pytest.raises(RuntimeError, match="no cookie in Netscape's form"):
        said(tmp_path, content)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        pytest.param([line("SID", "0", ".other.example")], "none of YouTube", id="another site's"),
        pytest.param([line("LOGIN_INFO", "0")], "ends with its session", id="no expiry"),
        pytest.param([line("LOGIN_INFO", "9" * 40)], "until 9999-12-31", id="an expiry beyond the calendar"),
    ],
)
def test_other_cookies_are_no_fault(tmp_path: Path, lines: list[str], says: str) -> None:
    assert says in said(tmp_path, *lines)
