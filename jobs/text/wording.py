"""Untrusted text as it may be shown: without control characters, bounded, not taken for Markdown. Pure.

`printable` is for what already has its form, `shown` for a name or title, `plain_markdown` and `code` for Temporal's
UI, which renders summaries and details as Markdown.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

MAX_SUMMARY_BYTES: Final = 200  # Temporal takes 400: https://docs.temporal.io/cloud/limits
MAX_DETAILS_BYTES: Final = 20_000  # https://docs.temporal.io/cloud/limits, as above
MAX_NAME: Final = 80  # characters of a name or title within a line
_MAX_NAME_BYTES: Final = 150  # so that what stands before a name has room
_MAX_CODE: Final = 200  # characters of a name or URL
_MINUTE: Final = 60  # seconds
_CUT: Final = "..."
# What can begin a link, an image, HTML, code, emphasis or a block (https://spec.commonmark.org/0.31.2/,
# https://github.github.com/gfm/#autolinks-extension-): ordinary names hold little of it, and so read the same in views
# that show the summary as it is.
_ACTIVE: Final = re.compile(
    r"[\\`*~]|<(?=[a-z/!?])|\](?=[(\[:])|&(?=#?\w{1,32};)|:(?=//)|(?<=\bwww)\.|(?<![^\W_])_|_(?![^\W_])|^[#>+=-]",
    re.IGNORECASE,
)
_ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")


def printable(text: str, keep: str = "") -> str:
    """`text` without invisible characters, and with `?` for controls, escape sequences and half characters.

    Separators of words and lines become spaces, but for the characters in `keep`.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else _replaced(char) for char in text)


def shown(text: str, characters: int = MAX_NAME, size: int | None = _MAX_NAME_BYTES) -> str:
    """`text` on one line, cut to a number of characters, and to `size` bytes of UTF-8 unless that is None."""
    line = " ".join(printable(text[: 4 * characters]).split())
    return _fitting(line if len(line) <= characters else line[: characters - len(_CUT)] + _CUT, size)


def plain_markdown(text: str, size: int = MAX_SUMMARY_BYTES) -> str:
    """Markdown that reads as `text`, on one line and within `size` bytes: no links, images, headings or HTML."""
    return _fitting(_ACTIVE.sub(r"\\\g<0>", shown(text, size)), size)


def plain_text(markdown: str) -> str:
    """What `plain_markdown` was made of."""
    return _ESCAPED.sub(r"\1", markdown)


def as_list(facts: Mapping[str, str]) -> str:
    """A Markdown list, one line a fact."""
    return "\n".join(f"- **{name}**: {value}" for name, value in facts.items())


def bounded(details: str) -> str:
    """Markdown of many lines, cut to what Temporal takes."""
    return _fitting(details, MAX_DETAILS_BYTES)


def inline_code(text: str) -> str:
    """Untrusted text as it is: not a word of it is taken for Markdown."""
    return f"`{shown(text.replace('`', chr(39)), _MAX_CODE, None)}`"


def inline_codes(*texts: str) -> str:
    return ", ".join(map(inline_code, texts))


def format_duration(seconds: float) -> str:
    """A length as players show it, `3:12`, or `4.2 s` when it is under a minute."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _replaced(char: str) -> str:
    match unicodedata.category(char):
        case "Cf":  # zero-width characters, marks of direction
            return ""
        case "Zs" | "Zl" | "Zp":
            return " "
        case _:
            return " " if char.isspace() else "?"


def _fitting(text: str, size: int | None) -> str:
    """`text` cut to `size` bytes of UTF-8: between two characters, and not between a backslash and what it escapes."""
    encoded = text.encode(errors="replace")
    if size is None or len(encoded) <= size:
        return text
    head = encoded[: size - len(_CUT)].decode(errors="ignore")
    escaping = (len(head) - len(head.rstrip("\\"))) % 2
    return head[: len(head) - escaping] + _CUT
