"""What the documents name is there, and what they tell was measured."""

import re
from importlib import import_module

import pytest

from tests.support.processes import ROOT

EXTENDING = (ROOT / "docs" / "extending.md").read_text()
MEASURED = re.findall(r"(?<=\| )\d+\.\d+(?= s \|)", (ROOT / "README.md").read_text())
RESULTS = (ROOT / "benchmarks" / "RESULTS.md").read_text()
PUBLIC = re.findall(r"`(audioprep(?:\.\w+)+)\.(\w+)`", EXTENDING.split("## What may be relied on")[1])


@pytest.mark.parametrize(("module", "name"), PUBLIC, ids=lambda part: part)
def test_a_public_name_is_there_and_says_what_it_does(module: str, name: str) -> None:
    assert getattr(import_module(module), name).__doc__


def test_the_readme_s_figures_are_those_of_the_results() -> None:
    peers = RESULTS.split("<!-- peers -->")[1].split("<!-- end of peers -->")[0]

    assert len(MEASURED) == 6
    assert [figure for figure in MEASURED if not re.search(rf"(?<![\d.]){re.escape(figure)}(?![\d.])", peers)] == []
