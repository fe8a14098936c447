"""The egress proxy's requests, and what its connections have transferred."""

import base64
import re
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from audioprep.activities.attempt.transfer_rate import RateWindow

_LINE: Final = re.compile(rb"([A-Z]{1,16}) ([\x21-\x7e]{1,16384}) HTTP/1\.[01]")
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (?:408|425|429|5\d\d)\b")
_RETRY_AFTER: Final = re.compile(rb"^retry-after:[ \t]*([\x20-\x7e]{1,64})\r?$", re.IGNORECASE | re.MULTILINE)
_CREDENTIALS: Final = b"proxy-authorization:"
_HOP_BY_HOP: Final = (b"proxy-", b"connection:", b"keep-alive:")


@dataclass(frozen=True, slots=True)
class ProxyRequest:
    """Where a client wants to go. `forward` is what to tell that server first; None for a tunnel."""

    host: str
    port: int
    forward: bytes | None


def has_password(head: bytes, user: str, password: str) -> bool:
    """The request names these credentials: https://www.rfc-editor.org/rfc/rfc7617"""
    expected = b"Basic " + base64.b64encode(f"{user}:{password}".encode())
    found = [line.partition(b":")[2].strip() for line in head.split(b"\r\n") if line.lower().startswith(_CREDENTIALS)]
    return len(found) == 1 and secrets.compare_digest(found[0], expected)


def parse_request(head: bytes) -> ProxyRequest:
    """Raises ValueError for anything but `CONNECT host:port` and `METHOD http://host...`."""
    first, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    line = _LINE.fullmatch(first)
    if line is None:
        raise ValueError("not a request line")
    method, target = line[1], line[2].decode("ascii")
    if method == b"CONNECT":
        parts = urlsplit(f"//{target}")
        return ProxyRequest(_host(parts.hostname), parts.port or 443, None)
    parts = urlsplit(target)
    if parts.scheme != "http" or parts.username is not None:
        raise ValueError("not a plain http URL")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # One request for one connection: the next one may name another host, and has to be checked.
    kept = [header for header in headers if not header.lower().startswith(_HOP_BY_HOP)]
    lines = [method + b" " + path.encode() + b" HTTP/1.1", *kept, b"Connection: close", b"", b""]
    return ProxyRequest(_host(parts.hostname), parts.port or 80, b"\r\n".join(lines))


def retry_after_of(answer: bytes) -> str | None:
    """The `Retry-After` of an answer that asks to come back later, from the first bytes of it."""
    head = answer.split(b"\r\n\r\n", 1)[0]
    found = _RETRY_AFTER.search(head) if _STATUS.match(head) else None
    return found[1].decode("ascii") if found else None


def _host(host: str | None) -> str:
    if not host:
        raise ValueError("no host")
    return host


SILENCE: Final = 20.0  # seconds after which yt-dlp no longer waits for an answer: its `--socket-timeout`


@dataclass(slots=True)
class ProxyStats:
    """What the proxy has seen. `rate` runs on the seconds in which bytes pass: yt-dlp also computes."""

    budget: int  # bytes that may still come in
    rate: RateWindow | None = None
    refused: str | None = None  # the first host whose address the policy forbids
    unreachable: str | None = None  # the last host that could not be connected to
    nameless: bool = False  # for its name does not exist
    exit_fault: str | None = None  # what is wrong with the operator's exit, if it could not be used
    slow: str | None = None  # the host that sent when the run came under its least rate
    retry_after: timedelta | None = None  # of the last plain HTTP answer that named one: TLS is opaque to us
    _active: float = field(default=0.0, init=False)  # seconds
    _last: float | None = field(default=None, init=False)

    @property
    def exhausted(self) -> bool:
        return self.budget <= 0

    @property
    def over(self) -> bool:
        """Nothing more may pass: the run has failed, whatever yt-dlp makes of it."""
        return self.exhausted or self.slow is not None

    def sent(self, now: float) -> None:
        """Bytes went out, and an answer may be due from now on."""
        if self._last is not None:
            self._active += min(now - self._last, SILENCE)
        self._last = now

    def came(self, count: int, host: str, now: float) -> None:
        """`count` bytes came in from `host`."""
        self.sent(now)
        self.budget -= count
        if self.rate is None:
            return
        self.rate.add(count, self._active)
        if self.rate.deadline is not None and self._active > self.rate.deadline:
            self.slow = self.slow or host
