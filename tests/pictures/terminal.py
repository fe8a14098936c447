"""A command in a terminal of its own, and what was to be seen there, as SVG."""

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tests.support.terminal import run_in_terminal

WIDTH, HEIGHT = 100, 40  # characters
_REDRAWN = re.compile(r"\r?\x1b\[2K")  # Rich erases a line before it draws a bar again
_STEERING = re.compile(r"\x1b\[[0-9;?]*[A-HJKSTfhlsu]|\r")  # everything but colours


def run(arguments: Sequence[str], folder: Path, env: Mapping[str, str]) -> list[str]:
    """Run one `audioprep` command to its end. What it drew, frame by frame; the last one is what stayed."""
    drawn = run_in_terminal(folder, env, *arguments, size=(WIDTH, HEIGHT), succeeds=True)
    return [_STEERING.sub("", frame).strip("\n") for frame in _REDRAWN.split(drawn)]


def frame_with(frames: Sequence[str], *words: str) -> str:
    """The frame in the middle of those that hold all the words."""
    fitting = [frame for frame in frames if all(word in Text.from_ansi(frame).plain for word in words)]
    assert fitting, f"no frame holds {words}"
    return fitting[len(fitting) // 2]


def draw(path: Path, title: str, *parts: str) -> None:
    """Write the parts, one below the other, as a picture of a terminal. One that begins with `$` was typed."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for part in parts:
        console.print(Text(part, style="bold") if part.startswith("$") else Text.from_ansi(part))
    console.save_svg(str(path), title=title, unique_id="terminal")
