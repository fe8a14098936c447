"""Host allow-list of yt-dlp. Which URLs are valid at all is the subject of `jobs.urls`."""

from collections.abc import Collection
from typing import Final

from yarl import URL

from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.text.hosts import is_under
from audioprep.jobs.text.urls import is_youtube, parse_url

__all__ = ["ANY_HOST", "check_host", "is_youtube", "parse_url"]

ANY_HOST: Final = "*"


def check_host(url: URL, allowed: Collection[str]) -> None:
    """Raises PermanentError unless the URL's host is one of `allowed` or lies under one; `*` allows any."""
    host = (url.host or "").rstrip(".").lower()
    if ANY_HOST not in allowed and not any(is_under(host, name) for name in allowed):
        sites = ", ".join(sorted(allowed))
        sentence = f"{host} is not one of the sites that yt-dlp may be asked for ({sites}): the operator allows more."
        raise PermanentError(ErrorKind.REFUSED, sentence)
