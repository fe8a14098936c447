"""URLs, file names and answers that strangers write."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioprep.activities.attempt.files import download_name, safe_name, title_name
from audioprep.activities.download.http_status import MAX_RETRY_AFTER, error_for_status, parse_retry_after
from audioprep.activities.download.proxy_request import ProxyRequest, parse_request, retry_after_of
from audioprep.activities.download.urls import check_host, is_youtube, parse_url
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

BAD_URLS = [
    *("", "foo", "ftp://a/b", "file:///etc/passwd", "javascript:alert(1)", "data:text/plain,x", "http://", "http:///a"),
    *("//a/b", "http://user@a/b", "http://user:secret@a/b", "http://good.example\\@bad.example/", "http://a\n.b/"),
    *("http://a b/", "http://a/\x00", "http://a:99999/", "http://a:0/", "http://[::1", "-http://a/", " http://a/"),
    *("http://a/" + "x" * 5000, "HTTP//a", "http://a:b/", "blob:http://a/b", "gopher://a/"),
]
NAMES = [
    ("/a/b/song.mp3", None, "audio/mpeg", "song.mp3"),
    ("/a/b/song", None, "audio/mpeg", "song.mp3"),
    ("/a/b/", None, "audio/flac", "download.flac"),
    ("/", None, "application/octet-stream", "download"),
    ("/x", "../../etc/passwd", "", "passwd"),
    ("/x", "..\\..\\boot.ini", "", "boot.ini"),
    ("/x", "a\u202e3pm.exe", "", "a3pm.exe"),
    ("/x", "a\r\nSet-Cookie: b.mp3", "", "a Set-Cookie: b.mp3"),
    ("/x", "Übung №1.mp3", "", "Übung №1.mp3"),
    ("/x", "." * 50, "audio/ogg", "download.ogg"),
    ("/x", "n\x00ul.mp3", "", "nul.mp3"),
]
STATUSES = [
    *((status, True, ErrorKind.NETWORK) for status in (408, 425, 429, 500, 502, 503, 504, 599)),
    *((status, False, ErrorKind.SOURCE_MISSING) for status in (404, 410)),
    *((status, False, ErrorKind.REFUSED) for status in (204, 206, 304, 400, 401, 402, 403, 405, 418, 451)),
]
WAITS = [
    ("5", 5),
    (" 0 ", 0),
    ("999999999999", MAX_RETRY_AFTER.total_seconds()),
    ("Sun, 01 Mar 2026 12:00:30 GMT", 30),
    ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
    ("Mon, 02 Mar 2026 12:00:00 GMT", MAX_RETRY_AFTER.total_seconds()),
    ("9" * 5000, MAX_RETRY_AFTER.total_seconds()),
    ("Fri, 31 Dec 9999 23:59:59 -2359", MAX_RETRY_AFTER.total_seconds()),
    ("Mon, 01 Jan 0001 00:00:00 +2359", 0),
    ("Mon, 01 Jan 2024 00:00:00 +99999999999999999999", None),
    ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
    ("soon", None),
    ("-5", None),
    ("1.5", None),
    ("", None),
    (None, None),
]


@pytest.mark.parametrize("text", BAD_URLS)
def test_a_bad_url_is_refused_for_good(text: str) -> None:
    with pytest.raises(PermanentError) as raised:
        parse_url(text)

    assert "secret" not in raised.value.message


@given(st.text())
def test_any_text_is_a_url_or_refused(text: str) -> None:
    for candidate in (text, f"http://{text}"):
        try:
            url = parse_url(candidate)
        except PermanentError:
            continue
        assert url.scheme in {"http", "https"}
        assert url.host


@pytest.mark.parametrize(
    "host", ["youtube.com", "www.youtube.com", "youtu.be", "m.youtube.com", "YOUTUBE.com", "youtu.be."]
)
def test_youtube_is_known_by_its_host(host: str) -> None:
    url = f"https://{host}/watch?v=x"

    assert is_youtube(url)
    check_host(parse_url(url), {"youtube.com", "youtu.be"})


@pytest.mark.parametrize(
    "host", ["notyoutube.com", "youtube.com.evil.example", "evil.example", "youtube.co", "127.0.0.1"]
)
def test_other_hosts_are_not_for_ytdlp(host: str) -> None:
    assert not is_youtube(f"https://{host}/youtube.com")
    with pytest.raises(PermanentError):
        check_host(parse_url(f"https://{host}/"), {"youtube.com"})
    check_host(parse_url(f"https://{host}/"), {"*"})


@pytest.mark.parametrize(("path", "disposition", "content_type", "name"), NAMES)
def test_names(path: str, disposition: str | None, content_type: str, name: str) -> None:
    assert download_name(path, disposition, content_type) == name


@given(st.text(max_size=600))
def test_a_safe_name_is_one_short_line_without_folders(text: str) -> None:
    for name in (safe_name(text), title_name(text, "mp3")):
        assert 0 < len(name) <= 200
        assert name.isprintable() or "\u3000" in name or " " in name
        assert "/" not in name
        assert "\\" not in name
        assert name not in {".", ".."}


@pytest.mark.parametrize(("status", "passes", "kind"), STATUSES)
def test_a_status_passes_or_not(status: int, passes: bool, kind: ErrorKind) -> None:
    error = error_for_status(status, "a.example")

    assert (isinstance(error, TransientError), error.kind) == (passes, kind)
    assert f"HTTP {status}" in error.message


@pytest.mark.parametrize(("value", "seconds"), WAITS)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    wait = parse_retry_after(value, NOW)

    assert wait == (timedelta(seconds=seconds) if seconds is not None else None)


@given(st.text(max_size=50))
def test_no_header_breaks_retry_after(value: str) -> None:
    wait = parse_retry_after(value, NOW)

    assert wait is None or timedelta(0) <= wait <= MAX_RETRY_AFTER


def test_the_proxy_reads_both_kinds_of_request() -> None:
    tunnel = parse_request(b"CONNECT [2001:db8::1]:8443 HTTP/1.1\r\nHost: x\r\n\r\n")
    plain = parse_request(
        b"GET http://a.example:81/b?c=d HTTP/1.1\r\nHost: a.example\r\nProxy-Authorization: x\r\n"
        b"Connection: keep-alive\r\nRange: bytes=1-\r\n\r\n"
    )

    assert tunnel == ProxyRequest("2001:db8::1", 8443, None)
    assert (plain.host, plain.port) == ("a.example", 81)
    assert plain.forward == (b"GET /b?c=d HTTP/1.1\r\nHost: a.example\r\nRange: bytes=1-\r\nConnection: close\r\n\r\n")


@given(st.binary(max_size=200))
def test_no_head_breaks_the_proxy(head: bytes) -> None:
    for candidate in (head, b"CONNECT " + head, b"GET http://" + head + b" HTTP/1.1\r\n\r\n"):
        try:
            request = parse_request(candidate)
        except ValueError:
            continue
        assert request.host
        assert 0 < request.port < 65536


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (b"HTTP/1.1 429 Too Many\r\nretry-after: 7\r\n\r\n", "7"),
        (b"HTTP/1.1 503 No\r\nA: b\r\nRetry-After:  Sun\r\n\r\n", "Sun"),
        (b"HTTP/1.1 200 OK\r\nRetry-After: 7\r\n\r\n", None),
        (b"HTTP/1.1 429 No\r\n\r\nRetry-After: 7\r\n", None),
        (b"\x16\x03\x01", None),
    ],
)
def test_the_proxy_overhears_when_to_come_back(answer: bytes, value: str | None) -> None:
    assert retry_after_of(answer) == value
