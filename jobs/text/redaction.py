"""Redaction of secrets in errors, logs and details. Pure; takes time linear in its input, which is bounded besides."""

import re
from typing import Final

from audioprep.jobs.text.wording import printable

MAX_SENTENCE: Final = 500  # characters of a row's error
MAX_SCRUBBED: Final = 20_000  # characters of a text: what follows is left out, never scanned
CUT: Final = " ...(cut)"

_HIDDEN: Final = "..."
# Every pattern below either begins where nothing of its kind can begin within its own match (a look-behind), or
# consumes what it has looked at even if it hides nothing of it (an optional end), and gives nothing back (possessive
# quantifiers): so no character is looked at more than a few times. `%3a` and `%253a` stand for the same as `:`.
_COLON, _SLASH, _AT, _MARK, _EQUALS = (
    rf"(?:[{plain}]|%(?:25)*+(?:{code}))"
    for plain, code in ((":", "3a"), ("/", "2f"), ("@", "40"), ("?#", "3f|23"), ("=", "3d"))
)
_SCHEME_END: Final = rf"{_COLON}{_SLASH}{{2}}"
_END: Final = r"[^\s\"<>]*[^\s\"<>'),.;:!?]"  # of a query: to the end of the word, but for the sentence's own marks
_NAMES: Final = (
    r"token|secret|password|passwd|passphrase|pwd|api[_-]?key|access[_-]?key|private[_-]?key|credential|signature"
    r"|sess(?:ion)?[_-]?id|cookie|authorization|(?<![a-z])auth(?![a-z])"
)
_QUOTE: Final = r"\\*+[\"']?"

# User names and passwords: between `://` and the last `@` of the authority; without a scheme they need a colon.
_USER_INFO: Final = re.compile(rf"({_SCHEME_END})(?:(?:[^/%@\s\"<>]|%(?!(?:25)*+(?:2f|40)))*+{_AT})+", re.IGNORECASE)
_BARE_USER_INFO: Final = re.compile(r"(?<![^\s\"'<>/])[^\s\"'<>/@:]*+:[^\s\"'<>/]*@")
# Queries and fragments, which are often signed.
_QUERY: Final = re.compile(
    rf"({_SCHEME_END}(?:[^\s?#%\"<>]|%(?!(?:25)*+(?:3f|23)))*+)(?:({_MARK}){_END})?", re.IGNORECASE
)
_BARE_QUERY: Final = re.compile(
    rf"({_MARK})(?:[\w.~&\[\]+-]|%(?!(?:25)*+(?:3f|23|3d)))++{_EQUALS}{_END}", re.IGNORECASE
)
_JSON_WEB_TOKEN: Final = re.compile(r"(eyJ[\w-]{8,}+)(\.[\w-]++(?:\.[\w-]*+)*+)?")
# Each keeps its first group and hides the rest.
_SECRETS: Final = (
    re.compile(r"(cookies?|authorization)[\"']?\s*+[:=]\s*+[^\r\n]++", re.IGNORECASE),
    re.compile(r"(\b(?:bearer|basic)\s++)[\w.~+/=-]{6,}+", re.IGNORECASE),
    re.compile(
        rf"((?<![\w-])(?=[\w-]*?(?:{_NAMES}))[\w-]++{_QUOTE}\s*+(?:{_EQUALS}|{_COLON})\s*+{_QUOTE})"
        r"(?:(?<=\")(?:\\.|[^\"\\\r\n])++|(?<=')(?:\\.|[^'\\\r\n])++|[^\s\"'&,;)]++)",
        re.IGNORECASE,
    ),
    re.compile(r"()(?:AKIA|ASIA)[0-9A-Z]{16}\b"),  # access keys of AWS
)


def scrub(text: str) -> str:
    """`text` without passwords, tokens, cookies, and what follows the `?` of a URL. Longer text is cut, with a mark."""
    text = _bounded(text, MAX_SCRUBBED)
    text = _BARE_USER_INFO.sub("", _USER_INFO.sub(r"\1", text))
    text = _BARE_QUERY.sub(rf"\1{_HIDDEN}", _QUERY.sub(_without_query, text))
    for secret in _SECRETS:
        text = secret.sub(rf"\1{_HIDDEN}", text)
    return _JSON_WEB_TOKEN.sub(_without_token, text)


def sentence_of(message: str) -> str:
    """The first line of `message` as a row may show it: scrubbed, printable and cut to length."""
    line = (message[:MAX_SCRUBBED].strip().splitlines() or [""])[0]
    return scrub(printable(_bounded(line, 4 * MAX_SENTENCE)))[:MAX_SENTENCE]


def _bounded(text: str, limit: int) -> str:
    """At most `limit` characters. A last word that is cut may be half a secret: it ends where that could begin."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    last = len(head.rsplit(maxsplit=1)[-1]) if head.strip() and not head[-1].isspace() else 0
    begun = re.search(r"[:%]|//|eyJ", head[limit - last :])
    return head[: limit - last + begun.start()] + CUT if begun else head + CUT


def _without_query(url: re.Match[str]) -> str:
    return f"{url[1]}{url[2]}{_HIDDEN}" if url[2] else url[1]


def _without_token(found: re.Match[str]) -> str:
    return _HIDDEN if found[2] else found[1]
