"""Which site a URL belongs to, as far as courtesy goes."""

from typing import Final
from urllib.parse import urlsplit

YOUTUBE_HOSTS: Final = ("youtube.com", "youtu.be", "youtube-nocookie.com")


def is_under(host: str, name: str) -> bool:
    """`host` is `name` or a subdomain of it."""
    return host == name or host.endswith(f".{name}")


def site_of(url: str) -> str:
    """The host in lower case, without `www.`; YouTube's names count as one. Empty for what has no host.

    Whether the URL is one to fetch is not asked here: a worker checks that when it does.
    """
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:
        return ""
    return YOUTUBE_HOSTS[0] if any(is_under(host, name) for name in YOUTUBE_HOSTS) else host
