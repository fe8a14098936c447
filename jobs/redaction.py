"""Words of errors and logs without the secrets that may be in them. Pure."""

import re
from typing import Final

MAX_SENTENCE: Final = 500  # characters of a row's error

_CREDENTIALS: Final = re.compile(r"(?<=://)[^/\s\"'<>]*@")  # user names and passwords in URLs
_HIDDEN: Final = "..."
# Each keeps its first group and hides the rest.
_SECRETS: Final = (
    re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s?#\"'<>]*[?#])[^\s\"'<>)]+", re.IGNORECASE),  # signed queries, fragments
    re.compile(r"(\bset-cookie\b|\bcookie\b|\b(?:proxy-)?authorization\b)([\"']?\s*[:=]\s*)[^\r\n]+", re.IGNORECASE),
    re.compile(r"(\b(?:bearer|basic)\s+)[\w.~+/=-]{6,}", re.IGNORECASE),
    re.compile(
        r"(\b[\w-]*(?:token|secret|password|passwd|api_?key|access_?key|credential|signature)[\w-]*[\"']?\s*[=:]\s*[\"']?)"
        r"[^\s\"'&,;)]+",
        re.IGNORECASE,
    ),
    re.compile(r"(\b)eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"),  # JSON web tokens
    re.compile(r"(\b)(?:AKIA|ASIA)[0-9A-Z]{16}\b"),  # access keys of AWS
)


def scrub(text: str) -> str:
    """`text` without passwords, tokens, cookies, and what follows the `?` of a URL, which is often signed."""
    text = _CREDENTIALS.sub("", text)
    for secret in _SECRETS:
        text = secret.sub(rf"\g<1>{_HIDDEN}", text)
    return text


def sentence_of(message: str) -> str:
    """The first line of `message` as a row may show it: scrubbed, printable and cut to length."""
    line = (message.strip().splitlines() or [""])[0][: 4 * MAX_SENTENCE]
    printable = "".join(char if char.isprintable() else "?" for char in line)
    return scrub(printable)[:MAX_SENTENCE]
