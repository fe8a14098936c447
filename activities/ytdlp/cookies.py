"""The operator's cookies: a copy for each run, of the site's own lines only, and which URLs would read the account.

yt-dlp rewrites the file that it is given, so that runs at once would race, and it would send any site its cookies.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.text.hosts import YOUTUBE_HOSTS, is_under

_HEADER: Final = "# Netscape HTTP Cookie File\n"
_HTTP_ONLY: Final = "#HttpOnly_"
_FIELDS: Final = 7  # of a line: domain, its subdomains, path, secure, expiry, name, value
_DIGITS: Final = 15  # of an expiry
_LAST: Final = 253_402_300_799  # seconds since 1970: the end of the year 9999
_MAX_FILE: Final = 4 * 1024 * 1024  # bytes
_ENCODED: Final = 3  # times that a URL within a URL may be percent-encoded
_PRIVATE_LISTS: Final = frozenset({"WL", "LL", "LM", "HL", "VLWL", "VLLL", "VLLM"})
_PRIVATE: Final = re.compile(
    r"[?&]list=(?:VL)?(?:WL|LL|LM|HL)\b"
    r"|/(?:feed|account|my_\w+|history|library|watch_later|paid_memberships|purchases|notifications|clips)\b"
    r"|/browse/(?:FE|VL(?:WL|LL|LM))|//studio\.youtube\.com",
    re.IGNORECASE,
)


def copy_cookies(source: Path, host: str, target: Path) -> Path:
    """The lines of `source` that are for `host` and its site, in a new file that only we can read.

    Raises PermanentError when the operator's file cannot be read: its name is no secret, its content is.
    """
    try:
        text = source.read_bytes()[:_MAX_FILE].decode("utf-8", "replace")
    except OSError as error:
        sentence = f"The operator's cookies cannot be read: {error.strerror}."
        raise PermanentError(ErrorKind.SITE_CHANGED, sentence) from None
    kept = [_normal(line) for line in text.splitlines() if _is_for(line, host)]
    target.touch(mode=0o600, exist_ok=False)
    target.write_text(_HEADER + "".join(f"{line}\n" for line in kept))
    return target


@dataclass(frozen=True, slots=True)
class Cookie:
    """A line of the file without its value. `expires` is in seconds since 1970; 0: with its session."""

    domain: str
    name: str
    expires: int


def read_cookies(source: Path) -> list[Cookie]:
    """The lines of the file that runs would take. Raises OSError."""
    lines = source.read_bytes()[:_MAX_FILE].decode("utf-8", "replace").splitlines()
    return [_cookie(_normal(line)) for line in lines if _is_cookie(line)]


def check_no_account(url: str) -> None:
    """Raises PermanentError for a URL that lists what is the operator's own: history, later, liked, feeds.

    Also where it stands within another URL, as those of redirects do.
    """
    text = url
    for _ in range(_ENCODED):
        if _PRIVATE.search(text):
            raise _refused()
        text = unquote(text)


def check_list(playlist_id: str | None) -> None:
    """Raises PermanentError for a list that turns out to be the account's own."""
    if playlist_id in _PRIVATE_LISTS:
        raise _refused()


def _is_for(line: str, host: str) -> bool:
    """YouTube's names share an account; a cookie of another site is for the host itself, or for one above it."""
    if not _is_cookie(line):
        return False
    domain = _cookie(_normal(line)).domain
    if any(is_under(host, name) for name in YOUTUBE_HOSTS):
        return is_under(domain, YOUTUBE_HOSTS[0])
    return "." in domain and (is_under(host, domain) or is_under(domain, host.removeprefix("www.")))


def _is_cookie(line: str) -> bool:
    is_comment = line.startswith("#") and not line.startswith(_HTTP_ONLY)
    return line.count("\t") == _FIELDS - 1 and not is_comment


def _cookie(line: str) -> Cookie:
    domain, _, _, _, expires, name, _ = line.removeprefix(_HTTP_ONLY).split("\t")
    return Cookie(domain.lstrip(".").lower(), name, min(int(expires[:_DIGITS]), _LAST))


def _normal(line: str) -> str:
    """With the flag for subdomains as the domain has it: else yt-dlp refuses the whole file, and prints the line."""
    domain, _, path, secure, expiry, *rest = line.split("\t")
    below = str(domain.removeprefix(_HTTP_ONLY).startswith(".")).upper()
    whole = expiry.partition(".")[0]  # browsers' own exports have fractions
    return "\t".join([domain, below, path, secure, whole if whole.isdecimal() else "0", *rest])


def _refused() -> PermanentError:
    return PermanentError(ErrorKind.REFUSED, "The URL is a list of the operator's own account, which no job may read.")
