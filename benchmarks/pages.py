"""What our own servers say over HTTP."""

import urllib.request


def page(url: str) -> str:
    """The text at a URL of a server of this run."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own loopback server
        text: str = answer.read().decode()
    return text
