"""Untrusted text is shown as what it is: no control characters, no Markdown, never longer than it may be."""

import html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from audioprep.jobs.request import JobRequest
from audioprep.jobs.text.details import details_of, summary_of
from audioprep.jobs.text.wording import (
    MAX_DETAILS_BYTES,
    MAX_SUMMARY_BYTES,
    inline_code,
    plain_markdown,
    plain_text,
    shown,
)
from audioprep.jobs.types.ingest import IngestPayload

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKUP = "[]()<>!#*_~`\\&;:/|-+=.'\"1aA http://www. \n\t"
HOSTILE = {
    "a link": "[log in](http://evil.example/x)",
    "an image": "![i](http://evil.example/p.png)",
    "HTML": "<a href=http://evil.example>x</a> <img src=x onerror=alert(1)>",
    "an autolink": "<http://evil.example> http://evil.example www.evil.example",
    "a heading": "# big",
    "a rule": "---",
    "code": "`a` ``b``",
    "emphasis": "*a* _b_ __c__ ~~d~~",
    "an entity": "&lt;b&gt; &#60; &copy;",
    "a reference": "[a]: http://evil.example",
    "a footnote": "[a][b] [^1]",
    "backslashes": r"C:\[a](b) \\",
}
ORDINARY = ["tone.mp3", "My_Song - Live (2024) [Official Video].mp3", "R&B, 50 % off, 3:12 · a/b", "日本語 🎵.wav"]


def read(markdown: str) -> str:
    """What a reader of the rendered Markdown reads, and the tags that he does not."""
    return html.unescape(PARSER.render(markdown)).removeprefix("<p>").removesuffix("</p>\n")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_reads_as_what_it_is(text: str) -> None:
    assert read(plain_markdown(text)) == text
    assert re.search(r"(?<!\\)://", plain_markdown(text)) is None  # the Temporal UI would make a link of it
    assert plain_text(plain_markdown(text)) == text


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_names_need_no_escapes(text: str) -> None:
    assert plain_markdown(text) == text
    assert read(text) == text


@given(st.text(MARKUP, max_size=40) | st.text(max_size=40))
def test_any_text_reads_as_its_shown_form(text: str) -> None:
    line = shown(text)

    assert read(f"x · {plain_markdown(text)}") == f"x · {line}".strip()


@given(st.text())
def test_shown_text_has_no_invisible_characters(text: str) -> None:
    line = shown(text, 60, 100)

    assert [char for char in line if unicodedata.category(char)[0] == "C" or (char.isspace() and char != " ")] == []
    assert len(line) <= 60
    assert len(line.encode()) <= 100


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\x1b]52;c;cHduZWQ=\x1b\\a", "?]52;c;cHduZWQ=?\\a"),
        ("\x9b31mred", "?31mred"),
        ("a\u202egnp.exe\u2069", "agnp.exe"),
        ("a\u200b\u200d\ufeffb", "ab"),
        ("a\r\nb\tc\u2028d\u00a0e", "a b c d e"),
        ("\ud800\x00\x7f\ue000", "????"),
        ("x" * 100, "x" * 77 + "..."),
    ],
    ids=["OSC", "C1", "direction", "zero width", "lines", "half characters, NUL", "length"],
)
def test_what_becomes_of_hidden_characters(text: str, line: str) -> None:
    assert shown(text) == line


@given(st.text("\\*é例🎵a", min_size=30))
def test_a_cut_summary_keeps_its_escapes_whole(text: str) -> None:
    markdown = plain_markdown(text, 40)

    assert len(markdown.encode()) <= 40
    assert shown(text, 40).startswith(read(markdown).removesuffix("...").removesuffix("."))


@pytest.mark.parametrize("name", ["😀" * 1024, "例" * 1024, "*" * 1024, "[a](b)" * 170])
def test_summaries_and_details_have_room_in_temporal(name: str) -> None:
    payload = IngestPayload(source_type="audio_file", storage_key=name[:1024], original_filename=name)
    request = JobRequest[IngestPayload](job_id="\x1b[31m`" * 5000, type="ingest", payload=payload)

    assert len(f"ingest · {payload.summary}".encode()) <= MAX_SUMMARY_BYTES
    assert len(summary_of("ingest", payload.summary).encode()) <= MAX_SUMMARY_BYTES
    assert len(details_of(request).encode()) <= MAX_DETAILS_BYTES
    assert "\x1b" not in details_of(request)


def test_code_is_one_span_whatever_is_in_it() -> None:
    assert read(inline_code("`[a](http://b)`\n# <img src=x>")) == "<code>'[a](http://b)' # <img src=x></code>"
