"""Packages installed by uv, as a user would."""

import shutil
import subprocess
from pathlib import Path

from tests.support.processes import ROOT


def uv(*arguments: str | Path, cwd: Path = ROOT) -> str:
    """Run uv, the developer's or the one that `make setup` brought; what it printed."""
    program = shutil.which("uv") or ROOT / ".tools/uv/bin/uv"
    command = [str(part) for part in (program, *arguments)]
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=110)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
