"""All cases: one module for each thing that a stranger gets to write."""

from collections.abc import Iterator

from tests.hostile.case import Case
from tests.hostile.cases import addresses, keys, media, network, payloads, recipes, referring, renders, texts, transport


def all_cases() -> Iterator[Case]:
    """In the order of the table: cheap ones first."""
    for module in (payloads, texts, recipes, keys, addresses, referring, media, renders, network, transport):
        yield from module.cases()
