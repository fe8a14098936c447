"""URLs from untrusted input: which are valid, and what of them may be shown. Pure; nothing is looked up.

Which addresses and sites may be visited is the worker's to check, when it connects.
"""

import re
from typing import Final
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from yarl import URL

from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.text.hosts import YOUTUBE_HOSTS, is_under
from audioprep.jobs.text.redaction import scrub

MAX_LENGTH: Final = 4096  # characters
_MAX_HOST: Final = 253  # https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}")
# Parsers disagree about these, so that one of them could see another host than the other; and controls, marks of
# direction and half characters, which no URL has.
_AMBIGUOUS: Final = re.compile(r"[\x00-\x20\x7f-\x9f\\\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# Of a path or query: what is encoded anew is only what no URL has.
_AS_IT_IS: Final = "".join(chr(code) for code in range(0x21, 0x7F))
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def parse_url(text: str) -> URL:
    """Raises PermanentError unless `text` is an http or https URL with a host and without a user name or password.

    Path and query stay percent-encoded as they came: a signature may have been made over them.
    """
    if len(text) > MAX_LENGTH or _AMBIGUOUS.search(text):
        raise _bad("The URL is too long or holds characters that no URL has.")
    try:
        url = URL(text)
        if url.scheme not in {"http", "https"} or not url.host:
            raise _bad("The URL must begin with http:// or https:// and name a host.")
        if "@" in urlsplit(text).netloc:
            raise _bad("The URL carries a user name or password, which is never used: give one without.")
        if not url.port:
            raise _bad("The URL's port is not one to connect to.")
        if not _is_host(url):
            raise _bad("The URL's host is not a name or an address that can exist.")
        return _as_written(url, urlsplit(text))
    except (ValueError, TypeError):
        raise _bad("The URL cannot be read.") from None


def _as_written(url: URL, parts: SplitResult) -> URL:
    """`url` with path, query and fragment as they are written."""
    path, query, fragment = (quote(part, safe=_AS_IT_IS) for part in (parts.path or "/", parts.query, parts.fragment))
    return URL.build(
        scheme=url.scheme, authority=url.raw_authority, path=path, query_string=query, fragment=fragment, encoded=True
    )


def is_youtube(text: str) -> bool:
    """`text` is a URL of YouTube itself."""
    try:
        host = (parse_url(text).host or "").rstrip(".").lower()
    except PermanentError:
        return False
    return any(is_under(host, name) for name in YOUTUBE_HOSTS)


def redacted_url(text: str) -> str:
    """`text` without its secrets: user name, password, query and fragment. YouTube's ids in the query stay."""
    parts = _split(text)
    if not parts.hostname:
        return scrub(text)
    ids = urlencode(_youtube_ids(parts))
    query = f"?{ids}" if ids else "?..." if parts.query else "#..." if parts.fragment else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{scrub(parts.path)}{query}"


def name_of(text: str) -> str:
    """What a URL calls its recording: YouTube's ids, or the last part of its path, or else its host."""
    parts = _split(text)
    ids = " ".join(_youtube_ids(parts).values())
    return ids or scrub(parts.path.rstrip("/").rsplit("/", 1)[-1]) or parts.hostname or ""


def _split(text: str) -> SplitResult:
    """The parts of a URL whose host can be read; no parts at all of what cannot."""
    try:
        parts = urlsplit(text[:MAX_LENGTH])
        return parts if parts.hostname else SplitResult("", "", "", "", "")
    except ValueError:
        return SplitResult("", "", "", "", "")


def _youtube_ids(parts: SplitResult) -> dict[str, str]:
    """The ids of a recording and of a list in a query; none when it is not YouTube's."""
    if not any(is_under(parts.hostname or "", name) for name in YOUTUBE_HOSTS):
        return {}
    pairs = (pair.partition("=") for pair in parts.query.split("&"))
    return {name: value for name, _, value in pairs if name in ("v", "list") and _ID.fullmatch(value)}


def _is_host(url: URL) -> bool:
    """Labels as DNS has them, or an IPv6 address. Look-ups of anything else raise errors of their own."""
    host = (url.raw_host or "").removesuffix(".")
    return ":" in host or (len(host) <= _MAX_HOST and all(map(_LABEL.fullmatch, host.split("."))))


def _bad(sentence: str) -> PermanentError:
    return PermanentError(ErrorKind.INVALID_PAYLOAD, sentence)
