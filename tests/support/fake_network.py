"""An internet on loopback: one address plays the public part, and names answer as a test wants."""

import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from audioprep.activities.download.address_policy import Address, AddressPolicy

PUBLIC, INTERNAL = "127.0.0.1", "127.0.0.2"


class StagedPolicy(AddressPolicy):
    """The real policy, with one address of this machine taken for public."""

    __slots__ = ()

    def check(self, address: Address | str) -> None:
        if str(address) != PUBLIC:
            super().check(address)


class Names(AbstractResolver):
    """A DNS server whose answers change from one question to the next; the last one stays."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        addresses = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [
            ResolveResult(hostname=host, host=each, port=port, family=socket.AF_INET, proto=0, flags=0)
            for each in addresses
        ]

    async def close(self) -> None:
        """Nothing was opened."""
