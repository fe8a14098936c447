"""An exit: an outbound proxy (HTTP CONNECT or SOCKS5) of the operator's, behind the egress proxy.

The address policy is checked before an exit is asked, so that it holds behind every exit. An exit is never handed to
yt-dlp, whose command line and settings others could read.
"""

import asyncio
import ssl
from dataclasses import dataclass, field, replace
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import python_socks
from python_socks import ProxyType
from python_socks.async_.asyncio.v2 import Proxy

SESSION: Final = "{session}"
DIRECT: Final = "direct"
_TYPES: Final = {
    "http": ProxyType.HTTP,
    "https": ProxyType.HTTP,
    "socks5": ProxyType.SOCKS5,
    "socks5h": ProxyType.SOCKS5,
}
_REFUSALS: Final = frozenset({401, 402, 403, 407})  # of an HTTP exit: credentials, an unpaid bill, a host not allowed


class ExitRefused(OSError):
    """The exit is away, or refuses this worker: a matter of the operator's."""


class ExitFailed(OSError):
    """The exit works, but could not reach the site."""


@dataclass(frozen=True, slots=True)
class Exit:
    """`user` and `password` may hold `{session}`; without a scheme it is the worker's own connection."""

    scheme: str = ""
    host: str = ""
    port: int = 0
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def label(self) -> str:
        """What logs and metrics say: never a user name, in which providers keep more than a name."""
        return f"{self.host}:{self.port}" if self.scheme else DIRECT

    def with_session(self, session: str) -> Self:
        """All connections of one attempt leave by one address of a provider that keeps sessions."""
        user, password = (text.replace(SESSION, session) for text in (self.user, self.password))
        return replace(self, user=user, password=password)

    async def connect(self, host: str, port: int, timeout: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the site by this exit, which gets the name. Raises ExitRefused or ExitFailed."""
        proxy = Proxy(
            _TYPES[self.scheme],
            self.host,
            self.port,
            self.user or None,
            self.password or None,
            rdns=True,
            proxy_ssl=ssl.create_default_context() if self.scheme == "https" else None,
        )
        try:
            stream = await proxy.connect(host, port, timeout=timeout)
        except python_socks.ProxyError as error:
            if error.error_code in _REFUSALS or (self.scheme.startswith("socks") and error.error_code is None):
                raise ExitRefused(f"refuses this worker ({error.error_code or 'credentials'})") from None
            raise ExitFailed("could not reach the site") from None
        except (python_socks.ProxyConnectionError, ssl.SSLError) as error:
            raise ExitRefused("cannot be connected to") from error
        except EOFError:  # it hangs up, as some do on a wrong password
            raise ExitRefused("hangs up") from None
        except TimeoutError:
            raise ExitFailed("gave no answer in time") from None
        return stream.reader, stream.writer


def parse_exits(text: str) -> tuple[Exit, ...]:
    """Exits separated by commas: `http://user-{session}:password@host:port`, `socks5h://...`, or `direct`.

    Raises ValueError, without repeating a secret.
    """
    return tuple(_parse(part.strip()) for part in text.split(",") if part.strip())


def _parse(text: str) -> Exit:
    if text == DIRECT:
        return Exit()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("an exit is not a URL") from None
    if parts.scheme not in _TYPES or not host or not port or parts.path.strip("/") or parts.query:
        raise ValueError(f"an exit is {', '.join(_TYPES)}, each as scheme://user:password@host:port, or {DIRECT}")
    made = Exit(parts.scheme, host, port, unquote(parts.username or ""), unquote(parts.password or ""))
    if set((made.user + made.password).replace(SESSION, "")) & set("{}"):
        raise ValueError(f"the only placeholder of an exit is {SESSION}")
    return made
