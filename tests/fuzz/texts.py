"""Fuzz targets of text that is shown: redaction and Markdown, each within a time limit that no input may pass."""

import html
from collections.abc import Callable
from typing import Final

from hypothesis import strategies as st
from markdown_it import MarkdownIt

from audioprep.jobs.text.redaction import CUT, MAX_SCRUBBED, MAX_SENTENCE, scrub, sentence_of
from audioprep.jobs.text.urls import name_of, redacted_url
from audioprep.jobs.text.wording import MAX_SUMMARY_BYTES, inline_code, plain_markdown, plain_text, printable, shown
from tests.fuzz.target import Target
from tests.support.linear import cpu_seconds

_TIME_LIMIT: Final = 0.5  # seconds of CPU; a pattern that back-tracks takes minutes
_SECRET: Final = "hunter2hunter2"  # noqa: S105 - made up
_PARSER: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_PIECES: Final = st.sampled_from(
    [
        *("token", "secret", "password", "cookie", "authorization", "bearer ", "basic ", "eyJ", "AKIA", "signature"),
        *("://", "http://", "%3a%2f%2f", "%253a", "%40", "%25", "@", ":", "=", "?", "#", "&", "/", "-", "_", ".", ","),
        *(" ", "\n", "\t", '"', "'", "\\", "<", ">", "(", ")", "[", "]", "]("),
        *("*", "`", "~~", "&lt;", "![", "www.", "\x1b[31m", "\x9b", "\u202e", "\u200d", "\ud800", "a", "é", "🎵"),
    ]
)
_WORDS: Final = st.lists(_PIECES | st.text(max_size=3), max_size=12).map("".join)
_PUMPED: Final = st.builds(
    lambda before, unit, length, after: before + unit * (length // max(1, len(unit))) + after,
    _WORDS,
    _WORDS,
    st.integers(0, 2 * MAX_SCRUBBED),
    _WORDS,
)
_SECRETIVE: Final = st.sampled_from(
    [
        f"https://u:{_SECRET}@h/",
        f"?auth={_SECRET}",
        f"Authorization: {_SECRET}",
        f"token%3D{_SECRET}",
        f"eyJhbGciOiJI.{_SECRET}.x",
    ]
)


def _timed(function: Callable[[str], object], text: str) -> None:
    spent = cpu_seconds(function, text)
    assert spent < _TIME_LIMIT, f"{spent:.2f} s for {len(text)} characters"


def _redaction(text: str) -> None:
    """Bounded in time and length, and one printable line where it is a sentence."""
    for function in (scrub, sentence_of, redacted_url, name_of):
        _timed(function, text)
    assert len(scrub(text)) <= 4 * MAX_SCRUBBED + len(CUT)
    assert sentence_of(text).isprintable()
    assert len(sentence_of(text)) <= MAX_SENTENCE


def _secret(text: str) -> None:
    """A secret on a line of its own is found, whatever stands before it."""
    assert _SECRET not in scrub(text)


def _shown(text: str) -> None:
    for function in (shown, printable):
        _timed(function, text)
    assert shown(text).isprintable()
    assert printable(text).isprintable()


def _markdown(text: str) -> None:
    """What is escaped reads as the text itself, in a parser that is not ours."""
    _timed(plain_markdown, text)
    markdown = plain_markdown(text)
    assert len(markdown.encode()) <= MAX_SUMMARY_BYTES
    line = shown(text, 40)
    assert html.unescape(_PARSER.render(f"**x** · {plain_markdown(line)}")).strip() == (
        f"<p><strong>x</strong> · {line}".rstrip() + "</p>"
    )
    assert plain_text(plain_markdown(line)) == line
    rendered = _PARSER.render(f"a {inline_code(text)} b")
    assert (rendered.count("<"), rendered.count("<code>")) in ((4, 1), (2, 0))


TEXT_TARGETS: Final = (
    Target("redaction", _PUMPED, _redaction),
    Target(
        "secrets",
        st.builds("{}\n{}\n{}".format, _WORDS.map(lambda words: words.replace('"', "")), _SECRETIVE, _WORDS),
        _secret,
    ),
    Target("shown text", _PUMPED | st.text(), _shown),
    Target("Markdown", _WORDS | _PUMPED, _markdown),
)
