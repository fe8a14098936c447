"""URLs that strangers wrote: which ones we take, and which sites yt-dlp may be asked for."""

import re
from collections.abc import Collection
from typing import Final

from yarl import URL

from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.hosts import YOUTUBE_HOSTS, is_under

ANY_HOST: Final = "*"
MAX_LENGTH: Final = 4096  # characters
_MAX_HOST: Final = 253  # https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}")
# Parsers disagree about these, so that one of them could see another host than the other.
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f\\]")


def parse_url(text: str) -> URL:
    """Raises PermanentError unless `text` is an http or https URL with a host and without a user name or password."""
    if len(text) > MAX_LENGTH or _AMBIGUOUS.search(text):
        raise _bad("The URL is too long or holds characters that no URL has.")
    try:
        url = URL(text)
        if url.scheme not in {"http", "https"} or not url.host:
            raise _bad("The URL must begin with http:// or https:// and name a host.")
        if url.user is not None or url.password is not None:
            raise _bad("The URL carries a user name or password: give one without.")
        if not url.port:
            raise _bad("The URL's port is not one to connect to.")
        if not _is_host(url):
            raise _bad("The URL's host is not a name or an address that can exist.")
    except (ValueError, TypeError):
        raise _bad("The URL cannot be read.") from None
    return url


def check_host(url: URL, allowed: Collection[str]) -> None:
    """Raises PermanentError unless the URL's host is one of `allowed` or lies under one; `*` allows any."""
    host = (url.host or "").rstrip(".").lower()
    if ANY_HOST not in allowed and not any(is_under(host, name) for name in allowed):
        sentence = f"{host} is not one of the sites that yt-dlp may be asked for ({', '.join(sorted(allowed))})."
        raise PermanentError(ErrorKind.REFUSED, sentence)


def is_youtube(text: str) -> bool:
    """`text` is a URL of YouTube itself."""
    try:
        host = (parse_url(text).host or "").rstrip(".").lower()
    except PermanentError:
        return False
    return any(is_under(host, name) for name in YOUTUBE_HOSTS)


def _is_host(url: URL) -> bool:
    """Labels as DNS has them, or an IPv6 address. Look-ups of anything else raise errors of their own."""
    host = (url.raw_host or "").removesuffix(".")
    return ":" in host or (len(host) <= _MAX_HOST and all(map(_LABEL.fullmatch, host.split("."))))


def _bad(sentence: str) -> PermanentError:
    return PermanentError(ErrorKind.INVALID_PAYLOAD, sentence)
