"""What yt-dlp says, and what we make of it; what we ask of it."""

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
from audioprep.activities.ytdlp.errors import classify
from audioprep.activities.ytdlp.output import Media, Progress, Stored, parse_line
from audioprep.jobs.errors import ErrorKind, TransientError

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
# (what yt-dlp said, passes?, kind, words of the row's error)
LAST_WORDS = [
    (
        "ERROR: [youtube] x: Sign in to confirm you\u2019re not a bot. Use --cookies",
        False,
        ErrorKind.BOT_CHECK,
        "not a bot",
    ),
    ("ERROR: [youtube] x: Sign in to confirm you're not a bot.", False, ErrorKind.BOT_CHECK, "not a bot"),
    ("ERROR: [youtube] x: Private video. Sign in if you've been granted access", False, ErrorKind.REFUSED, "private"),
    ("ERROR: [youtube] x: This video is private", False, ErrorKind.REFUSED, "private"),
    ("ERROR: [youtube] x: Video unavailable", False, ErrorKind.SOURCE_MISSING, "not available"),
    (
        "ERROR: [youtube] x: Video unavailable. This video has been removed by the uploader",
        *(False, ErrorKind.SOURCE_MISSING, "removed"),
    ),
    (
        "ERROR: [youtube] x: Video unavailable. The YouTube account associated with this video has been terminated",
        *(False, ErrorKind.SOURCE_MISSING, "removed"),
    ),
    (
        "ERROR: [youtube] x: The uploader has not made this video available in your country",
        *(False, ErrorKind.REFUSED, "country"),
    ),
    (
        "ERROR: [bbc] x: This video is not available from your location due to geo restriction.",
        *(False, ErrorKind.REFUSED, "country"),
    ),
    (
        "ERROR: [youtube] x: Sign in to confirm your age. This video may be inappropriate for some users.",
        *(False, ErrorKind.REFUSED, "age-restricted"),
    ),
    (
        "ERROR: [youtube] x: Join this channel to get access to members-only content like this video",
        *(False, ErrorKind.REFUSED, "members"),
    ),
    ("ERROR: [youtube] x: Premieres in 3 hours", False, ErrorKind.SOURCE_MISSING, "not been published"),
    (
        "ERROR: [youtube] x: This live event will begin in 2 days.",
        *(False, ErrorKind.SOURCE_MISSING, "not been published"),
    ),
    ("ERROR: [x] y: This video is DRM protected", False, ErrorKind.UNSUPPORTED_MEDIA, "DRM"),
    (
        "ERROR: [vimeo] x: This video is only available for registered users. Use --cookies-from-browser",
        *(False, ErrorKind.REFUSED, "logged in"),
    ),
    ("ERROR: Unsupported URL: http://a/b", False, ErrorKind.UNSUPPORTED_MEDIA, "no recording"),
    ("ERROR: [x] y: No video formats found!", False, ErrorKind.UNSUPPORTED_MEDIA, "no recording"),
    ("ERROR: [x] y: Requested format is not available", False, ErrorKind.UNSUPPORTED_MEDIA, "no recording"),
    ("ERROR: [generic] 'foo' is not a valid URL", False, ErrorKind.INVALID_PAYLOAD, "can read"),
    (
        "ERROR: [generic] 404: Unable to download webpage: HTTP Error 404: Not Found (caused by <HTTPError 404>)",
        *(False, ErrorKind.SOURCE_MISSING, "site.example has no such file (HTTP 404)"),
    ),
    ("ERROR: unable to download video data: HTTP Error 403: Forbidden", False, ErrorKind.REFUSED, "HTTP 403"),
    ("ERROR: [x] y: HTTP Error 410: Gone", False, ErrorKind.SOURCE_MISSING, "HTTP 410"),
    ("ERROR: [x] y: HTTP Error 429: Too Many Requests", True, ErrorKind.NETWORK, "too many requests"),
    ("ERROR: [x] y: HTTP Error 503: Service Unavailable", True, ErrorKind.NETWORK, "HTTP 503"),
    (
        "ERROR: [x] y: ('Unable to connect to proxy', OSError('Tunnel connection failed: 502 Bad Gateway'))",
        *(True, ErrorKind.NETWORK, "HTTP 502"),
    ),
    (
        "ERROR: [x] y: Failed to resolve 'a.b' ([Errno -2] Name or service not known)",
        *(True, ErrorKind.NETWORK, "resolved"),
    ),
    ("ERROR: [download] Got error: 4000 bytes read, 496000 more expected", True, ErrorKind.NETWORK, "broke off"),
    ("ERROR: [x] y: Read timed out. (read timeout=20.0)", True, ErrorKind.NETWORK, "broke off"),
    ("ERROR: [x] y: [Errno 104] Connection reset by peer", True, ErrorKind.NETWORK, "broke off"),
    ("ERROR: unable to write data: [Errno 28] No space left on device", True, ErrorKind.STORAGE, "disk is full"),
    (
        "ERROR: [x] y: Something nobody has heard of; please report this issue on",
        *(True, ErrorKind.CHILD_FAILED, "yt-dlp could not fetch the recording (Something nobody has heard of)."),
    ),
    ("no message", True, ErrorKind.CHILD_FAILED, "yt-dlp could not"),
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


@pytest.mark.parametrize(("words", "passes", "kind", "sentence"), LAST_WORDS)
def test_last_words(words: str, passes: bool, kind: ErrorKind, sentence: str) -> None:
    error = classify(words, "site.example")

    assert (isinstance(error, TransientError), error.kind) == (passes, kind)
    assert sentence in error.message
    assert error.message.endswith(".")
    assert "ERROR" not in error.message


def test_a_site_that_says_when_to_come_back_is_believed() -> None:
    wish = timedelta(seconds=7)

    assert classify("HTTP Error 429: Too Many Requests", "a.b", wish).next_retry_delay == wish


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

    assert set(environment(Path("/scratch"))) == {"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "LC_ALL"}


@pytest.mark.parametrize(
    ("version", "days"), [("2026.08.19", 10), ("2026.08.19.232315", 10), ("2025.08.29", 365), ("0.1", None), ("", None)]
)
def test_the_age_of_a_version(version: str, days: int | None) -> None:
    age = age_of(version, datetime(2026, 8, 29, tzinfo=UTC))

    assert age == (timedelta(days=days) if days is not None else None)
