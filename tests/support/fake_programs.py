"""Stand-ins on PATH in front of the real programs."""

import os
import shutil
from pathlib import Path


def slow_ffmpeg(folder: Path, speed: float = 1.0) -> str:
    """A PATH on which `ffmpeg` is the real one, reading its input at `speed` times real time."""
    return _wrapper(folder, f'exec {shutil.which("ffmpeg")} -readrate {speed} "$@"')


def deaf_ffmpeg(folder: Path) -> str:
    """A PATH on which `ffmpeg` never ends and ignores SIGTERM."""
    return _wrapper(folder, "trap '' TERM\nwhile :; do sleep 0.1; done")


def _wrapper(folder: Path, script: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
