"""The URL of a libSQL server, parsed: where to send requests, what authorizes them, what to call it in messages."""

import base64
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

_UNREADABLE: Final = "TURSO_DATABASE_URL has no host that can be read: write special characters of a password as %XX."


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`url` and `host` are without credentials; those are in `authorization`, a header's value."""

    url: str
    host: str
    authorization: str | None = field(default=None, repr=False)

    @property
    def remedy(self) -> str:
        """What to check when the server refuses the credentials."""
        basic = (self.authorization or "").startswith("Basic")
        return "the user and password in TURSO_DATABASE_URL" if basic else "TURSO_AUTH_TOKEN"


def endpoint_of(url: str, auth_token: str | None = None) -> Endpoint:
    """The pipeline of `url`, which may carry a token (`?authToken=`) or a user and a password (HTTP basic).

    `?tls=0` makes `libsql:` plain HTTP. Raises ValueError, whose message names no secret.
    """
    parts = _split(url)
    query = parse_qs(parts.query)
    host = _host(parts)
    token = auth_token or query.get("authToken", [None])[0]
    plain = parts.scheme in ("http", "ws") or query.get("tls") == ["0"]
    return Endpoint(
        url=f"{'http' if plain else 'https'}://{host}{parts.path.rstrip('/')}/v2/pipeline",
        host=host,
        authorization=_authorization(parts, token),
    )


def redacted_url(url: str) -> str:
    """The URL without what may be secret in it."""
    if url.startswith("file:"):
        return url.split("?")[0]
    try:
        parts = _split(url)
        return f"{parts.scheme}://{_host(parts)}{parts.path}"
    except ValueError:
        return "(a URL that cannot be read)"


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # its message may quote user and password
        raise ValueError(_UNREADABLE) from None


def _host(parts: SplitResult) -> str:
    """`host:port`, as a URL has it; an IPv6 address in brackets."""
    try:
        name, port = parts.hostname or "", parts.port
    except ValueError:
        name, port = "", None
    if not name or "@" in f"{parts.path}{parts.query}{parts.fragment}":  # after an unescaped / ? # of a password
        raise ValueError(_UNREADABLE)
    name = f"[{name}]" if ":" in name else name
    return name if port is None else f"{name}:{port}"


def _authorization(parts: SplitResult, token: str | None) -> str | None:
    if parts.username is None:
        return f"Bearer {token}" if token else None
    if token:
        raise ValueError("The database has a token and a password in TURSO_DATABASE_URL: leave one of them out.")
    given = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {base64.b64encode(given.encode()).decode()}"
