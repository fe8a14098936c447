"""What every peer is given to do."""

import subprocess
import time

Command = list[str]


def run_commands(commands: list[Command]) -> None:
    """One save: its ffmpeg commands, one after the other."""
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)


def started_at() -> float:
    """When a step begins to run: seconds since the epoch."""
    return time.time()
