"""What the documents name is there."""

import re
from importlib import import_module

import pytest

from tests.support.processes import ROOT

EXTENDING = (ROOT / "docs" / "extending.md").read_text()
PUBLIC = re.findall(r"`(audioprep(?:\.\w+)+)\.(\w+)`", EXTENDING.split("## What may be relied on")[1])


@pytest.mark.parametrize(("module", "name"), PUBLIC, ids=lambda part: part)
def test_a_public_name_is_there_and_says_what_it_does(module: str, name: str) -> None:
    assert getattr(import_module(module), name).__doc__
