"""The pages of settings and commands are those of the code, and the glossary leads to files that exist."""

import re

from audioprep.settings import Settings
from scripts.reference import DOCS, commands_page, settings_page
from tests.support.processes import ROOT


def test_the_settings_page_is_that_of_the_models() -> None:
    """`make reference` writes it anew."""
    page = (DOCS / "settings.md").read_text("utf-8")

    assert page == settings_page()
    assert set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE)) == set(Settings().shown())


def test_every_setting_says_what_it_means() -> None:
    rows = [line.strip("| ").split(" | ") for line in settings_page().splitlines() if line.startswith("| `")]

    assert [row[0] for row in rows if not row[-1].strip()] == []


def test_the_commands_page_is_that_of_the_command_line() -> None:
    """`make reference` writes it anew."""
    assert (DOCS / "commands.md").read_text("utf-8") == commands_page()


def test_the_glossary_leads_to_files_that_exist() -> None:
    named = re.findall(r"`([\w/-]+\.(?:py|sql|md))`", (DOCS / "glossary.md").read_text("utf-8"))

    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).is_file()] == []
