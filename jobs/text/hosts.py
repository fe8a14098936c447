"""Site of a URL: the key of rate limits per host, and Temporal's fairness key."""

import hashlib
from typing import Final

from yarl import URL

YOUTUBE_HOSTS: Final = ("youtube.com", "youtu.be", "youtube-nocookie.com")
MAX_SITE_BYTES: Final = 64  # of a fairness key: https://docs.temporal.io/develop/task-queue-priority-fairness
_DIGEST: Final = 16  # hexadecimal digits that tell long names with the same end apart
_KEY_LENGTH: Final = 32  # hexadecimal digits


def fairness_key_of(site: str) -> str:
    """The site as a fairness key: a digest, since the key stays in clear in Temporal also where payloads are encrypted,
    and a host name may be longer than a key.
    """
    return hashlib.sha256(site.encode(errors="replace")).hexdigest()[:_KEY_LENGTH]


def is_under(host: str, name: str) -> bool:
    """`host` is `name` or a subdomain of it."""
    return host == name or host.endswith(f".{name}")


def site_of(url: str) -> str:
    """The host's ASCII form (IDNA) in lower case, without `www.`; YouTube's names count as one. Empty without a host.

    64 bytes at most: of a longer name a digest and the end. Whether the URL is one to fetch is not asked here.
    """
    try:
        host = (URL(url).raw_host or "").lower().rstrip(".").removeprefix("www.")
    except ValueError:
        return ""
    site = YOUTUBE_HOSTS[0] if any(is_under(host, name) for name in YOUTUBE_HOSTS) else host
    if len(site) <= MAX_SITE_BYTES:
        return site
    digest = hashlib.sha256(site.encode()).hexdigest()[:_DIGEST]
    return f"{digest}.{site[_DIGEST + 1 - MAX_SITE_BYTES :]}"
