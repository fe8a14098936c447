"""Advice that can be followed where the program runs: how to install a package into this very environment."""

import importlib.util
import os
import shlex
import shutil
import sys
from pathlib import Path


def install_command(requirement: str) -> str:
    """The command that installs or upgrades `requirement` for this interpreter."""
    install = ("pip", "install", "--python", sys.executable, "--upgrade", requirement)
    if not os.access(sys.prefix, os.W_OK):
        return f"build the image anew with a newer {requirement.partition('[')[0]}"
    uv = shutil.which("uv") or _local_uv()
    if uv:
        return shlex.join([uv, *install])
    if importlib.util.find_spec("pip"):
        return shlex.join([sys.executable, "-m", "pip", "install", "--upgrade", requirement])
    return f"install uv, then: {shlex.join(['uv', *install])}"


def _local_uv() -> str:
    """Beside the environment, as `make setup` of a checkout has it."""
    beside = Path(sys.prefix).parent / ".tools" / "uv" / "bin" / "uv"
    return str(beside) if beside.exists() else ""
