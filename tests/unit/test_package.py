"""The package as it is installed and checked out."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import audioprep
from tests.support.processes import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_a_checkout_without_links_names_the_remedy(tmp_path: Path) -> None:
    """As git does it on Windows: the place that a link leads to is the text of a file."""
    copy = shutil.copytree(ROOT / "audioprep", tmp_path / "audioprep", symlinks=True)
    for link in [path for path in copy.iterdir() if path.is_symlink()]:
        target = str(link.readlink())
        link.unlink()
        link.write_text(target)

    # -S: without the editable install, which finds the folders of this checkout.
    command = [sys.executable, "-S", "-c", "import audioprep"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("ImportError: audioprep/jobs is no folder")
    assert "core.symlinks=true" in ended.stderr


def test_the_links_are_excluded_from_ruff_by_name_too() -> None:
    """An editor or a pre-commit hook names single files; each would be checked twice, under two names."""
    links = sorted(f"audioprep/{path.name}" for path in (ROOT / "audioprep").iterdir() if path.is_symlink())
    files = [str(next((ROOT / link).glob("*.py")).relative_to(ROOT)) for link in links]

    command = [sys.executable, "-m", "ruff", "check", "--show-files", *files]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout

    assert links == ["audioprep/activities", "audioprep/bridge", "audioprep/jobs", "audioprep/workflows"]
    assert listed.strip() == ""


def test_the_package_ships_its_types_and_license() -> None:
    assert (Path(audioprep.__file__).parent / "py.typed").is_file()
    assert PROJECT["tool"]["setuptools"]["package-data"]["audioprep"] == ["py.typed"]
    assert (ROOT / PROJECT["project"]["license-files"][0]).read_text("utf-8").startswith("MIT License")


def test_the_changelog_has_a_section_for_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")

    assert f"\n## [{audioprep.__version__}] - 20" in changelog
