"""Commands in a terminal of their own, and what of untrusted text would steer it."""

import os
import pty
import re
import subprocess
import sys
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

# An escape sequence that sets the clipboard, one that clears the screen, C1 controls, and marks of direction.
HOSTILE: Final = "evil\x1b]52;c;cHduZWQ=\x1b\\\x1b[2J\x07\x9b31m\x9d0;t\x9c\u202egnp\u2066\u200b"
_RICH: Final = re.compile(r"\x1b\[[0-9;]*[mKA]|\x1b\[\?25[hl]|[\r\n]")  # colours, and the redrawing of bars


def run_in_terminal(folder: Path, env: Mapping[str, str], *arguments: str) -> str:
    """All that one `audioprep` command writes to a terminal 200 columns wide."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "audioprep", *arguments],
        cwd=folder,
        env={**os.environ, **env, "TERM": "xterm-256color", "COLUMNS": "200"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    written = b""
    with suppress(OSError):  # Linux says so when the last writer is gone
        while block := os.read(ours, 65536):
            written += block
    os.close(ours)
    process.wait(30)
    return written.decode()


def steering(written: str) -> list[str]:
    """What a terminal would not show but obey, apart from Rich's own sequences."""
    rest = _RICH.sub("", written)
    return [ascii(char) for char in rest if unicodedata.category(char)[0] == "C"]
