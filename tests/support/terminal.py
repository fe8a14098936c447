"""Commands in a terminal of their own, and what of untrusted text would steer it."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

# An escape sequence that sets the clipboard, one that clears the screen, C1 controls, and marks of direction.
HOSTILE: Final = "evil\x1b]52;c;cHduZWQ=\x1b\\\x1b[2J\x07\x9b31m\x9d0;t\x9c\u202egnp\u2066\u200b"
_RICH: Final = re.compile(r"\x1b\[[0-9;]*[mKA]|\x1b\[\?25[hl]|[\r\n]")  # colours, and the redrawing of bars


def run_in_terminal(
    folder: Path, env: Mapping[str, str], *arguments: str, size: tuple[int, int] = (200, 50), succeeds: bool = False
) -> str:
    """All that one `audioprep` command writes to a terminal of so many columns and lines."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    # The child's own size comes from the terminal: a COLUMNS of whoever runs us would go before it.
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "audioprep", *arguments],
        cwd=folder,
        env={**inherited, **env, "TERM": "xterm-256color"},
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
    code = process.wait(30)
    assert code == 0 or not succeeds, written.decode()
    return written.decode()


def steering(written: str) -> list[str]:
    """What a terminal would not show but obey, apart from Rich's own sequences."""
    rest = _RICH.sub("", written)
    return [ascii(char) for char in rest if unicodedata.category(char)[0] == "C"]
