"""Audio made by ffmpeg for a test: every file is of known content."""

import subprocess
from pathlib import Path


def make_audio(path: Path, seconds: float, *options: str, source: str = "sine=frequency=440") -> Path:
    """`seconds` of a sound in whatever format the path's extension and `options` say."""
    path.parent.mkdir(parents=True, exist_ok=True)
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", f"{source}:duration={seconds}"]
    subprocess.run([*argv, *options, str(path)], check=True, timeout=120)
    return path
