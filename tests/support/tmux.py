"""What a person sees in a terminal: a command's screen, as tmux has it."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_LINES: Final = 100
_END: Final = "~the end~"
# What differs from run to run: its digits are replaced by as many zeros, so that the columns stay.
_VARIABLE: Final = (
    re.compile(r"\b\d\d:\d\d:\d\d\b"),
    re.compile(r"\b20\d\d-\d\d-\d\d(T\d\d:\d\d:\d\d\.\d{3}Z)?\b"),
)


def screen(folder: Path, env: Mapping[str, str], *arguments: str, columns: int) -> str:
    """The screen after an `audioprep` command of so many columns, without blank ends; what varies is made even."""
    tmux = shutil.which("tmux")
    assert tmux, "tmux is missing: run `make tmux`"
    server = [tmux, "-L", f"audioprep-{uuid.uuid4().hex[:12]}", "-f", "/dev/null"]
    typed = shlex.join([sys.executable, "-m", "audioprep", *arguments])
    script = f"{typed}; echo {_END}; exec sleep 60"
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "TMUX")}
    size = ["-x", str(columns), "-y", str(_LINES)]
    subprocess.run(
        [*server, "new-session", "-d", *size, "-c", str(folder), "sh", "-c", script],
        env={**inherited, **env, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        check=True,
    )
    try:
        return _even(_until_the_end(server))
    finally:
        subprocess.run([*server, "kill-server"], check=False)


def _until_the_end(server: list[str]) -> str:
    deadline = time.monotonic() + 60
    while True:
        seen = subprocess.run([*server, "capture-pane", "-p"], capture_output=True, text=True, check=True).stdout
        if _END in seen:
            return seen.partition(_END)[0]
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)  # noqa: TID251 - a condition with a deadline, outside any event loop


def _even(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.rstrip().splitlines())
    for pattern in _VARIABLE:
        lines = pattern.sub(lambda found: re.sub(r"\d", "0", found[0]), lines)
    return f"{lines}\n"
