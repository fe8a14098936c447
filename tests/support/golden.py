"""Screens that are kept in tests/golden, to be compared with what is seen now."""

import os
from contextlib import suppress
from typing import Final

from tests.support.processes import ROOT
from tests.support.tmux import Terminal, without_the_run

GOLDEN: Final = ROOT / "tests" / "golden"


def check_golden(name: str, seen: str | Terminal, *, rewrapped: bool = False) -> None:
    """Fail unless `seen` is the kept screen, or comes to be it: a terminal in use may show half of a line for a moment.

    With `rewrapped` lines may break elsewhere, as they do where the number of a process is longer. With GOLDEN=write,
    keep it.
    """
    kept = GOLDEN / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        kept.write_text(seen if isinstance(seen, str) else _at_rest(seen), "utf-8")
    expected = kept.read_text("utf-8")
    if isinstance(seen, Terminal):
        with suppress(AssertionError):
            seen.until(lambda: seen.text(of_a_run=True) == expected)
        seen = seen.text(of_a_run=True)
    if rewrapped:
        seen, expected = (without_the_run(" ".join(text.split())) for text in (seen, expected))
    assert seen == expected


def _at_rest(seen: Terminal) -> str:
    """The screen once it stays as it is, not one that is half drawn."""
    last = ""

    def stays() -> bool:
        nonlocal last
        before, last = last, seen.text(of_a_run=True)
        return bool(last) and before == last

    seen.until(stays)
    return last
