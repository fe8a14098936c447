"""What we ask of yt-dlp, and its lines on stdout. What it says on stderr is the subject of `test_ytdlp_messages`."""

import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioprep.activities.ytdlp.command import (
    MEDIA_MARK,
    PATH_MARK,
    PROGRESS_MARK,
    age_of,
    environment,
    options_on_stdin,
)
from audioprep.activities.ytdlp.output import Media, Progress, Stored, parse_line

FRACTIONS = [
    ('{"downloaded_bytes": 25, "total_bytes": 100}', 0.25),
    ('{"downloaded_bytes": 25, "total_bytes": null, "total_bytes_estimate": 50.0}', 0.5),
    ('{"downloaded_bytes": 25, "total_bytes_estimate": 50, "fragment_index": 1, "fragment_count": 10}', 0.1),
    ('{"downloaded_bytes": 300, "total_bytes": 100}', 1.0),
    ('{"downloaded_bytes": 25}', None),
    ('{"downloaded_bytes": 25, "total_bytes": 0}', None),
    ('{"downloaded_bytes": 25, "total_bytes": -5}', None),
    ("{}", None),
]
NOTHING = [
    *("", "[download] Destination: x", PROGRESS_MARK, PROGRESS_MARK + "{", PROGRESS_MARK + "[]", PROGRESS_MARK + "NA"),
    *(PROGRESS_MARK + '{"downloaded_bytes": "lots"}', PROGRESS_MARK + '{"downloaded_bytes": -1}', PATH_MARK + "{}"),
    *(
        PROGRESS_MARK + '{"downloaded_bytes": NaN}',
        PROGRESS_MARK + '{"downloaded_bytes": 1e999}',
        " " + PATH_MARK + '"x"',
    ),
]


@pytest.mark.parametrize(("text", "fraction"), FRACTIONS)
def test_progress(text: str, fraction: float | None) -> None:
    said = parse_line(PROGRESS_MARK + text)

    assert isinstance(said, Progress)
    assert said.fraction == (pytest.approx(fraction) if fraction is not None else None)


@pytest.mark.parametrize("line", NOTHING)
def test_a_line_that_says_nothing(line: str) -> None:
    assert parse_line(line) is None


def test_the_other_lines() -> None:
    assert parse_line(PATH_MARK + '"/tmp/\\u00e4.mp3"') == Stored(path="/tmp/ä.mp3")
    assert parse_line(MEDIA_MARK + '{"title": "a\\nb", "duration": 3.5}') == Media(title="a\nb", duration=3.5)


@given(st.sampled_from([PROGRESS_MARK, MEDIA_MARK, PATH_MARK, ""]), st.text())
def test_no_line_breaks_the_parser(mark: str, text: str) -> None:
    said = parse_line(mark + text)

    if isinstance(said, Progress):
        assert said.fraction is None or 0 <= said.fraction <= 1


@pytest.mark.parametrize("url", ["-v", "--exec=rm", "-"])
def test_an_option_is_not_taken_for_a_url(url: str) -> None:
    with pytest.raises(ValueError, match="not a URL"):
        options_on_stdin(url, "http://p")


@pytest.mark.parametrize(
    "url", ["http://a/ --exec rm", "http://a/#b", "http://a/'\"$(id)`id`", "http://a/\\", "http://a/\u00e4"]
)
def test_a_url_stays_one_word_whatever_it_holds(url: str) -> None:
    read = shlex.split(options_on_stdin(url, "http://u:p@h:1"), comments=True)

    assert read == ["--proxy", "http://u:p@h:1", url]


def test_ytdlp_sees_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "TURSO_AUTH_TOKEN", "TEMPORAL_API_KEY", "http_proxy", "PYTHONPATH"):
        monkeypatch.setenv(name, "secret")

    assert set(environment(Path("/scratch"))) == {"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "LC_ALL", "DENO_V8_FLAGS"}


@pytest.mark.parametrize(
    ("version", "days"), [("2026.08.19", 10), ("2026.08.19.232315", 10), ("2025.08.29", 365), ("0.1", None), ("", None)]
)
def test_the_age_of_a_version(version: str, days: int | None) -> None:
    age = age_of(version, datetime(2026, 8, 29, tzinfo=UTC))

    assert age == (timedelta(days=days) if days is not None else None)
