"""Redirects of a download, followed one by one: each URL is checked, and kept percent-encoded as it came."""

import asyncio
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urljoin

import aiohttp
from yarl import URL

from audioprep.activities.download.address_policy import AddressPolicy
from audioprep.activities.download.links.share import direct_link
from audioprep.activities.download.urls import parse_url
from audioprep.jobs.errors import ErrorKind, PermanentError

MAX_REDIRECTS: Final = 20  # as browsers have it: podcasts count listeners by chains of ten
HEAD_TIMEOUT: Final = 30.0  # seconds for one head, with the connection and all interim responses before it
HEADS_TIMEOUT: Final = 60.0  # seconds for the heads of all redirects together
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
# Some servers send a space or UTF-8 in a header. All of ASCII that is not a space stays as it is.
_AS_IT_IS: Final = "".join(chr(code) for code in range(0x21, 0x7F))


async def follow(
    session: aiohttp.ClientSession, policy: AddressPolicy, trail: list[URL], headers: Mapping[str, str]
) -> aiohttp.ClientResponse:
    """The answer at the end of the redirects, its body not read yet; `trail` gets every URL on the way.

    A share link on the way is replaced by the file's own address. Raises PermanentError and what aiohttp raises.
    """
    async with asyncio.timeout(HEADS_TIMEOUT):
        while len(trail) <= MAX_REDIRECTS + 1:
            direct = direct_link(trail[-1])
            if direct is not None and direct not in trail:
                trail.append(parse_url(str(direct)))
            policy.check_host(trail[-1].host or "")
            async with asyncio.timeout(HEAD_TIMEOUT):
                answer = await session.get(trail[-1], allow_redirects=False, headers=headers)
            if answer.status not in _REDIRECTS:
                return answer
            async with answer:
                trail.append(_next(trail[-1], answer))
    sentence = f"The URL leads through more than {MAX_REDIRECTS} redirects."
    raise PermanentError(ErrorKind.REFUSED, sentence)


def _next(url: URL, answer: aiohttp.ClientResponse) -> URL:
    """Where a redirect leads; it is checked like the first URL."""
    location = answer.headers.get("Location", "").strip()
    if not location:
        raise PermanentError(ErrorKind.REFUSED, f"{url.host} redirects to nowhere.")
    try:
        written = quote(location.encode("utf-8", "surrogateescape"), safe=_AS_IT_IS)
        return parse_url(urljoin(str(url), written))
    except ValueError:
        raise PermanentError(ErrorKind.REFUSED, f"{url.host} redirects to a URL that cannot be read.") from None
