"""No form of a forbidden address gets through: a table, and every address of every forbidden network."""

from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioprep.activities.download.address_policy import (
    FORBIDDEN_V4,
    FORBIDDEN_V6,
    AddressPolicy,
    AddressRefused,
    why_forbidden,
)

POLICY = AddressPolicy()

REFUSED = [
    *("127.0.0.1", "127.255.255.254", "127.1", "0.0.0.0", "0.1.2.3", "0"),  # noqa: S104 - never bound
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "100.100.100.200"),
    *("169.254.169.254", "169.254.170.2", "168.63.129.16", "192.0.0.192", "192.0.2.1", "192.88.99.1"),
    *("198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("2130706433", "0x7f000001", "017700000001", "0177.0.0.1", "0x7f.1", "127.0.1", "10.1", "0x7f.0.0.1", "1.0x"),
    *("127.0.0.1.", "[::1]", "::1", "::", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "fc00::1", "fd00:ec2::254"),
    *("ff02::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "::127.0.0.1"),
    *("64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "64:ff9b:1::808:808", "2002:7f00:1::"),
    *("2002:808:808::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "3fff::1", "100::1", "5f00::1"),
    *("2600:1f18::5efe:7f00:1", "2600:1f18::200:5efe:a00:1", "2001:20::1", "4000::1", "2600::1%1"),
]
ALLOWED = [
    *("8.8.8.8", "1.1.1.1", "93.184.216.34", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1"),
    *("11.0.0.1", "9.255.255.255", "168.63.129.17", "223.255.255.255", "[2606:4700::1111]", "2606:4700::1111"),
    *("2a00:1450:4001::200e", "::ffff:8.8.8.8", "64:ff9b::808:808", "2600::"),
]
NAMES = [
    "example.com",
    "localhost",
    "1.example",
    "0x7f.example.com",
    "127.0.0.1.nip.io",
    "a-1",
    "xn--bcher-kva.example",
]


@pytest.mark.parametrize("host", REFUSED)
def test_refused(host: str) -> None:
    with pytest.raises(AddressRefused):
        POLICY.check_host(host)


@pytest.mark.parametrize("host", ALLOWED)
def test_allowed(host: str) -> None:
    POLICY.check_host(host)
    POLICY.check(host.strip("[]"))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_left_to_the_look_up(name: str) -> None:
    POLICY.check_host(name)


@pytest.mark.parametrize("host", REFUSED)
def test_development_may_lift_the_policy(host: str) -> None:
    AddressPolicy(allow_private=True).check_host(host)


def _inside(network: IPv4Network | IPv6Network) -> st.SearchStrategy[int]:
    return st.integers(int(network.network_address), int(network.broadcast_address))


@given(st.sampled_from(list(FORBIDDEN_V4)).flatmap(_inside))
def test_every_forbidden_v4_address_in_every_form(number: int) -> None:
    plain = IPv4Address(number)
    forms = [
        plain,
        IPv6Address((0xFFFF << 32) | number),  # mapped
        IPv6Address(number),  # compatible
        IPv6Address((0xFFFF << 48) | number),  # translated, RFC 2765
        IPv6Address((0x64FF9B << 96) | number),  # NAT64
        IPv6Address((0x64FF9B << 96) | (1 << 80) | number),  # NAT64 of a local network
        IPv6Address((0x2002 << 112) | (number << 80) | 1),  # 6to4
        IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF)),  # Teredo
        IPv6Address((0x26001F18 << 96) | (0x5EFE << 32) | number),  # ISATAP
    ]

    assert all(why_forbidden(form) for form in forms)
    for spelled in (str(number), hex(number), f"0{number:o}", str(plain)):
        with pytest.raises(AddressRefused):
            POLICY.check_host(spelled)


@given(st.sampled_from(list(FORBIDDEN_V6)).flatmap(_inside))
def test_every_forbidden_v6_address(number: int) -> None:
    assert why_forbidden(IPv6Address(number))


@given(st.integers(0, 2**32 - 1).map(IPv4Address) | st.integers(0, 2**128 - 1).map(IPv6Address))
def test_what_is_allowed_is_what_python_calls_global(address: IPv4Address | IPv6Address) -> None:
    if why_forbidden(address) is None:
        real = address.ipv4_mapped if isinstance(address, IPv6Address) and address.ipv4_mapped else address
        assert real.is_global
        assert not real.is_multicast


@given(st.text(max_size=40))
def test_any_text_is_a_name_an_address_or_refused(text: str) -> None:
    try:
        POLICY.check_host(text)
    except AddressRefused:
        return
    with suppress(ValueError):  # a name
        assert why_forbidden(ip_address(text.removesuffix(".").removeprefix("[").removesuffix("]"))) is None
