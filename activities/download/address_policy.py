"""Address policy (SSRF): which addresses a worker may connect to, and which hosts yt-dlp may visit."""

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias

from audioprep.activities.download.exits.access import SiteAccess
from audioprep.activities.download.exits.guard import SiteGuard
from audioprep.jobs.text.hosts import YOUTUBE_HOSTS

Address: TypeAlias = IPv4Address | IPv6Address

# https://www.iana.org/assignments/iana-ipv4-special-registry
FORBIDDEN_V4: Final = {
    IPv4Network("0.0.0.0/8"): "unspecified",
    IPv4Network("10.0.0.0/8"): "private",
    IPv4Network("100.64.0.0/10"): "carrier-grade NAT",
    IPv4Network("127.0.0.0/8"): "loopback",
    IPv4Network("168.63.129.16/32"): "cloud metadata",  # Azure's host agent, in public space
    IPv4Network("169.254.0.0/16"): "link-local",  # and the metadata services of most clouds
    IPv4Network("172.16.0.0/12"): "private",
    IPv4Network("192.0.0.0/24"): "reserved",
    IPv4Network("192.0.2.0/24"): "documentation",
    IPv4Network("192.88.99.0/24"): "6to4 relay",
    IPv4Network("192.168.0.0/16"): "private",
    IPv4Network("198.18.0.0/15"): "benchmarking",
    IPv4Network("198.51.100.0/24"): "documentation",
    IPv4Network("203.0.113.0/24"): "documentation",
    IPv4Network("224.0.0.0/4"): "multicast",
    IPv4Network("240.0.0.0/4"): "reserved",
}
# Inside global unicast. https://www.iana.org/assignments/iana-ipv6-special-registry
FORBIDDEN_V6: Final = {
    IPv6Network("2001::/23"): "reserved",  # Teredo, ORCHID and other protocols of the IETF
    IPv6Network("2001:db8::/32"): "documentation",
    IPv6Network("2002::/16"): "6to4",
    IPv6Network("3fff::/20"): "documentation",
}
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_ISATAP: Final = (0x0000_5EFE, 0x0200_5EFE)  # upper half of the interface id, whose lower half is an IPv4 address
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")


class AddressRefused(OSError):
    """The policy forbids this connection. An OSError, since it happens where connecting would have failed."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """`allow_private` lifts the whole policy: for development and tests only."""

    allow_private: bool = False

    def check_host(self, host: str) -> None:
        """Raises AddressRefused for a literal address that is forbidden, or is not written in its plain form."""
        if not self.allow_private:
            literal = literal_address(host)
            if literal is not None:
                self.check(literal)

    def check(self, address: Address | str) -> None:
        """Raises AddressRefused unless `address` belongs to the public internet, or private ones are allowed."""
        if self.allow_private:
            return
        try:
            parsed = ip_address(address)
        except ValueError:
            raise AddressRefused("the address cannot be read") from None
        reason = why_forbidden(parsed)
        if reason:
            raise AddressRefused(f"the address {parsed} is {reason}")


def why_forbidden(address: Address) -> str | None:
    """One word or two for the network that forbids `address`; None when it is public."""
    if isinstance(address, IPv4Address):
        return next((word for network, word in FORBIDDEN_V4.items() if address in network), None)
    if address.scope_id is not None:
        return "link-local"  # a zone says which interface: nothing global has one
    embedded = _embedded(address)
    if embedded is not None:
        return why_forbidden(embedded)
    if address not in _GLOBAL_UNICAST:
        return "not global unicast"
    if (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP:
        return "ISATAP"
    return next((word for network, word in FORBIDDEN_V6.items() if address in network), None)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that is really meant, for the two forms in which a public one may arrive.

    Mapped ones come from dual-stack sockets, NAT64 ones from networks without IPv4. 6to4, Teredo and the other
    transitional forms are refused as they are.
    """
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped


def literal_address(host: str) -> Address | None:
    """The address that `host` spells; None when it is a name.

    Raises AddressRefused for numbers that are no plain address: `2130706433`, `0x7f.1`, `0177.0.0.1`, `127.1`. Some
    resolvers take them for IPv4, as https://url.spec.whatwg.org/#ends-in-a-number-checker has it.
    """
    bare = host.removesuffix(".").removeprefix("[").removesuffix("]")
    try:
        return ip_address(bare)
    except ValueError:
        pass
    if _NUMBER.fullmatch(bare.rsplit(".", 1)[-1]):
        raise AddressRefused("the host is a number in disguise")
    return None


@dataclass(frozen=True, slots=True)
class NetworkRules:
    """The address policy for every connection, the sites that yt-dlp may be asked for, and how."""

    policy: AddressPolicy = field(default_factory=AddressPolicy)
    ytdlp_hosts: frozenset[str] = frozenset(YOUTUBE_HOSTS)
    site_retry_delay: float = 15.0  # seconds before the second visit after a failed one; doubled each time
    access: SiteAccess = field(default_factory=SiteAccess)
    guard: SiteGuard = field(default_factory=SiteGuard)
