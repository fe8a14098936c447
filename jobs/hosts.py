"""Which site a URL belongs to, as far as courtesy goes."""

import hashlib
from typing import Final
from urllib.parse import urlsplit

YOUTUBE_HOSTS: Final = ("youtube.com", "youtu.be", "youtube-nocookie.com")


_KEY_LENGTH: Final = (
    32  # characters; Temporal takes 64 bytes: https://docs.temporal.io/develop/task-queue-priority-fairness
)


def fairness_key_of(site: str) -> str:
    """The site as a fairness key: a digest, since the key stays in clear in Temporal also where payloads are encrypted,
    and a host name may be longer than a key.
    """
    return hashlib.sha256(site.encode(errors="replace")).hexdigest()[:_KEY_LENGTH]


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
