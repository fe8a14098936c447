"""The import contracts of pyproject.toml catch what they are for: violations planted in a copy of the packages."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import ROOT

PLANTED = {
    "jobs import the entry points": ("jobs/status.py", "import audioprep.version as _", None),
    "the bridge imports the HTTP server": ("bridge/views.py", "import audioprep.http.server as _", None),
    "the bridge imports activities": ("bridge/actions.py", "import audioprep.activities.resources as _", None),
    "a lower package of activities imports a higher one": (
        "activities/process/limits.py",
        "import audioprep.activities.resources as _",
        None,
    ),
    "the store imports the decisions": ("bridge/database/errors.py", "import audioprep.bridge.decide as _", None),
    "a new module is in no layer": (None, "", "audioprep/helpers.py"),
    "a new module of activities is in no layer": (None, "", "activities/helpers.py"),
}


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A copy of what is shipped, without links."""
    shutil.copytree(ROOT / "audioprep", tmp_path / "audioprep", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    env = {"PYTHONPATH": str(folder)}
    return subprocess.run([program, "--no-cache"], cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("module", "planted", "new"), PLANTED.values(), ids=PLANTED)
def test_a_violation_is_caught(packages: Path, module: str | None, planted: str, new: str | None) -> None:
    if module is not None:
        path = packages / "audioprep" / module
        path.write_text(path.read_text() + f"\n{planted}\n")
    if new is not None:
        (packages / "audioprep" / new.removeprefix("audioprep/")).write_text('"""New."""\n')

    ended = lint(packages)

    assert ended.returncode == 1, ended.stdout


def test_the_packages_as_they_are_pass(packages: Path) -> None:
    ended = lint(packages)

    assert ended.returncode == 0, ended.stdout + ended.stderr
