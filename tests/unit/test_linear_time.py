"""Untrusted text cannot make a pattern back-track: every pattern and parser takes linear time on pumped strings."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import audioprep
from audioprep.activities.attempt.files import download_name, safe_name, title_name
from audioprep.activities.download.proxy_request import parse_request
from audioprep.activities.ffmpeg.errors import reason_of
from audioprep.activities.ffmpeg.report import parse_report
from audioprep.activities.ffmpeg.timeline import Timeline
from audioprep.activities.render.loudness import parse_summary
from audioprep.activities.ytdlp.errors import classify
from audioprep.activities.ytdlp.messages.complaint import parse_stderr
from audioprep.activities.ytdlp.output import parse_line
from audioprep.jobs.errors import PermanentError
from audioprep.jobs.keys import checked, extension_of
from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.text.details import summary_of
from audioprep.jobs.text.hosts import site_of
from audioprep.jobs.text.redaction import scrub, sentence_of
from audioprep.jobs.text.urls import name_of, parse_url, redacted_url
from audioprep.jobs.text.wording import inline_code, plain_markdown, plain_text, printable, shown
from tests.support.linear import check_linear

pytestmark = pytest.mark.slow

COMMON = [
    "a",
    "A",
    "0",
    " ",
    "\n",
    ".",
    "-",
    "_",
    ":",
    "/",
    "=",
    "@",
    "%",
    "[",
    "<",
    '"',
    "\\",
    "token-",
    "eyJ-",
    "://",
]
URLS = ["://", "http://", "a.", "a:b@", "%3a%2f%2f", "%25", "?a=", "?", "#", "é.", "..", "/../", ";a=", "&v=1"]
MARKUP = ["*", "_a", "](", "[a](", "<a ", "&a", "\\[", "www.", "`", "\x1b[31m", "\u202e", "\ud800", "~~", "🎵"]
SECRETS = ["token", "token=", 'token="', "cookie ", "bearer ", "AKIA", "eyJaaaaaaaa.", "password : ", "\\", "auth_"]


def modules() -> Iterator[Any]:
    """Every module of the project."""
    for found in pkgutil.walk_packages(audioprep.__path__, "audioprep."):
        if found.name != "audioprep.__main__":
            yield importlib.import_module(found.name)


def patterns_in(value: Any, depth: int = 3) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list) and depth:
        for item in value:
            yield from patterns_in(item, depth - 1)
    elif isinstance(value, dict) and depth:
        yield from patterns_in(list(value.values()), depth - 1)


def all_patterns() -> dict[str, re.Pattern[Any]]:
    return {
        f"{module.__name__.removeprefix('audioprep.')} {pattern.pattern!r}"[:90]: pattern
        for module in modules()
        for value in vars(module).values()
        for pattern in patterns_in(value)
    }


PATTERNS = all_patterns()


def words_of(pattern: re.Pattern[Any]) -> list[str]:
    """What stands in a pattern literally, as far as that can be told, in whole words and with what may follow them."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    plain = re.sub(r"\\([.\[\](){}|?*+^$-])", r"\1", source)
    words = set(re.findall(r"[\w<>@:/.=\[\"' -]{2,}", plain))
    return sorted(word for word in words if len(word) < 40)[:12]


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_takes_linear_time(name: str) -> None:
    pattern = PATTERNS[name]
    is_bytes = isinstance(pattern.pattern, bytes)
    words = words_of(pattern)

    for unit in [*COMMON, *words, *(f"{word} " for word in words), *(f"{word}0" for word in words)]:
        for prefix in ["", *words[:2]]:
            text, start = (unit.encode(), prefix.encode()) if is_bytes else (unit, prefix)
            check_linear(lambda given: pattern.sub(given[:0], given), text, start)


def test_the_patterns_of_every_room_are_found() -> None:
    rooms = {name.split(".")[0] for name in PATTERNS}

    assert rooms >= {"activities", "bridge", "cli", "jobs"}
    assert len(PATTERNS) > 40


def quietly(function: Callable[[str], object]) -> Callable[[str], object]:
    """The function; that it refuses its input is no fault here."""

    def call(text: str) -> object:
        try:
            return function(text)
        except (PermanentError, ValueError):
            return None

    return call


FUNCTIONS: dict[str, tuple[Callable[[str], object], list[str]]] = {
    "scrub": (scrub, [*URLS, *SECRETS]),
    "sentence_of": (sentence_of, [*URLS, *SECRETS]),
    "printable": (printable, MARKUP),
    "shown": (lambda text: shown(text, 100_000, 100_000), MARKUP),
    "plain_markdown": (lambda text: plain_markdown(text, 100_000), MARKUP),
    "plain_text": (plain_text, MARKUP),
    "code": (inline_code, MARKUP),
    "summary_of": (summary_of, [*MARKUP, *URLS, *SECRETS]),
    "shown_url": (redacted_url, URLS),
    "name_of": (name_of, URLS),
    "parse_url": (quietly(parse_url), URLS),
    "site_of": (site_of, URLS),
    "checked": (quietly(checked), ["a/", "/", "\\", "\ud800"]),
    "extension_of": (extension_of, [".", "a.", "/"]),
    "safe_name": (safe_name, [*MARKUP, "/", ".", " ."]),
    "title_name": (lambda text: title_name(text, "mp3"), [*MARKUP, "/", "."]),
    "download_name": (lambda text: download_name(text, None, "audio/mpeg"), ["/", "%", "."]),
    "parse_line": (parse_line, ["[", "{", '"', "\\"]),
    "parse_summary": (parse_summary, ["\n", " I:", "I: 9", " Peak: -", "\n I: "]),
    "parse_report": (lambda text: parse_report(text.encode(errors="replace")), ["[", '{"streams":[', "00:"]),
    "parse_request": (quietly(lambda text: parse_request(text.encode())), ["A ", "GET ", "\r\n", "retry-after: "]),
    "Timeline.read": (lambda text: Timeline().read(text), ["[graph_", "] [verbose] tb:", "[info] 1", "[", "x @ 0x1] "]),
    "reason_of": (lambda text: reason_of(text, Path("/x")), ["[", "[a @ 0x", " @ 0x0", "]", "file:/x: "]),
    "classify": (
        lambda text: classify(parse_stderr(text), "host"),
        ["ERROR: ", "[a] ", "HTTP Error ", "fragment 1", "not a"],
    ),
    "parse": (quietly(JOB_TYPES.find("ingest").parse), ["[", '{"a":', '"', "\\u"]),
}


@pytest.mark.parametrize(("function", "units"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_function_takes_linear_time(function: Callable[[str], object], units: list[str]) -> None:
    for unit in [*COMMON, *units]:
        for prefix in ["", "http://x/"]:
            check_linear(function, unit, prefix)


@pytest.mark.parametrize("function", [scrub, sentence_of])
@pytest.mark.parametrize("unit", ["token-", "eyJ-", "://", "a.", "password", "x"])
def test_a_text_of_megabytes_is_cut_not_scanned(function: Callable[[str], str], unit: str) -> None:
    said = function(unit * 2_000_000)

    assert len(said) < 21_000
    check_linear(function, unit, unit * 100_000)
