"""What the documents name is there, and what they tell was measured."""

import re

from tests.support.processes import ROOT

MEASURED = re.findall(r"(?<=\| )\d+\.\d+(?= s \|)", (ROOT / "README.md").read_text())
RESULTS = (ROOT / "benchmarks" / "RESULTS.md").read_text()


def test_the_readme_s_figures_are_those_of_the_results() -> None:
    peers = RESULTS.split("<!-- peers -->")[1].split("<!-- end of peers -->")[0]

    assert len(MEASURED) == 6
    assert [figure for figure in MEASURED if not re.search(rf"(?<![\d.]){re.escape(figure)}(?![\d.])", peers)] == []
