"""Authorization of requests for numbers and reasons: a bearer token, or without one the loopback interface."""

import hmac
from ipaddress import IPv6Address, ip_address
from typing import Final

from aiohttp import web
from yarl import URL

_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")  # a reverse proxy speaks for another client


class Access:
    """With a token, every request needs it. Without one, only programs on this machine are let in."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def allows(self, request: web.Request) -> bool:
        if self._token:
            scheme, _, given = request.headers.get("Authorization", "").partition(" ")
            return scheme.lower() == "bearer" and is_secret(given.strip(), self._token)
        return _is_local(request)


def is_secret(given: str, secret: str) -> bool:
    """Comparison in constant time; headers may hold any bytes, as surrogates."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode("utf-8", "surrogateescape"))


def _is_local(request: web.Request) -> bool:
    """A program on this machine; no proxy, and no web page under a name that was made to lead here (DNS rebinding)."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        host = URL(f"http://{request.host}").host or ""
    except ValueError:
        return False
    return _is_loopback(request.remote or "") and (host == "localhost" or _is_loopback(host))


def _is_loopback(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
