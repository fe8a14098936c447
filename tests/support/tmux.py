"""What a person sees in a terminal: a command's screen, as tmux has it."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_LINES: Final = 100
_END: Final = "~the end~"
_OURS: Final = ("AUDIOPREP_", "TURSO_", "TEMPORAL_", "AWS_")
# What differs from run to run: its digits are replaced by as many zeros, so that the columns stay.
_VARIABLE: Final = (
    re.compile(r"\b\d\d:\d\d(:\d\d| UTC)\b"),
    re.compile(r"\b20\d\d-\d\d-\d\d(T\d\d:\d\d:\d\d\.\d{3}Z)?\b"),
)
# What differs in length, too. These are replaced in whole lines, which are then broken where the terminal breaks them.
_OF_A_RUN: Final = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:00000"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "00000000-0000-0000-0000-000000000000"),
    (re.compile(r"audioprep-[0-9a-f]{12}-"), "audioprep-000000000000-"),
    (re.compile(r"\bmsg_[0-9a-f]{32}"), f"msg_{'0' * 32}"),
    (re.compile(r"\b\d+ more have"), "000 more have"),
    (re.compile(r"\bprocess \d+"), "process 00000"),
    (re.compile(r"\b\d+ %"), "00 %"),
    (re.compile(r"\b\d+\.\d s later, retries: \d"), "00.0 s later, retries: 0"),
    (re.compile(r'"(bytes|bitrate)": \d+'), r'"\1": 000000'),
    (re.compile(r"\b\d+[smhd] ago"), "0s ago"),
    (re.compile(r" *[\d,]+ bytes"), "     000,000 bytes"),
    (re.compile("[\u2801-\u28ff]"), "\u280b"),  # a spinner
)


class Terminal:
    """A tmux session in which one `audioprep` command runs, or has run."""

    def __init__(self, server: list[str], columns: int) -> None:
        self._server = server
        self._columns = columns

    @property
    def ended(self) -> bool:
        return _END in self._captured()

    def text(self, *, of_a_run: bool = False) -> str:
        """The screen without blank ends; what varies is made even, ids and ports only with `of_a_run`."""
        whole = self._captured("-J") if of_a_run else self._captured()
        lines = [line.rstrip() for line in whole.partition(_END)[0].rstrip().splitlines()]
        if of_a_run:
            lines = [part for line in lines for part in self._broken(without_the_run(line))]
        return "".join(f"{_even(line)}\n" for line in lines)

    def until(self, condition: Callable[[], bool], within: float = 60) -> None:
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, self._captured()
            time.sleep(0.1)  # noqa: TID251 - a condition with a deadline, outside any event loop

    def press(self, *keys: str) -> None:
        subprocess.run([*self._server, "send-keys", *keys], check=True)

    def _captured(self, *options: str) -> str:
        command = [*self._server, "capture-pane", "-p", *options]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def _broken(self, line: str) -> list[str]:
        starts = range(0, max(len(line), 1), self._columns)
        return [line[start : start + self._columns].rstrip() for start in starts]


def screen(folder: Path, env: Mapping[str, str], *arguments: str, columns: int, of_a_run: bool = False) -> str:
    """The screen after an `audioprep` command of so many columns."""
    with terminal(folder, env, *arguments, columns=columns) as seen:
        seen.until(lambda: seen.ended)
        return seen.text(of_a_run=of_a_run)


@contextmanager
def terminal(folder: Path, env: Mapping[str, str], *arguments: str, columns: int) -> Iterator[Terminal]:
    """A terminal in which the command runs while the block lasts, with no setting but those of `env`."""
    tmux = shutil.which("tmux")
    assert tmux, "tmux is missing: run `make tmux`"
    server = [tmux, "-L", f"audioprep-{uuid.uuid4().hex[:12]}", "-f", "/dev/null"]
    # A shell that Ctrl-C would end could not say that the command has ended.
    script = f"trap : INT; {shlex.join([sys.executable, '-m', 'audioprep', *arguments])}; echo {_END}; exec sleep 60"
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("COLUMNS", "LINES", "TMUX") and not name.startswith(_OURS)
    }
    size = ["-x", str(columns), "-y", str(_LINES)]
    subprocess.run(
        [*server, "new-session", "-d", *size, "-c", str(folder), "sh", "-c", script],
        env={**inherited, **env, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        check=True,
    )
    try:
        yield Terminal(server, columns)
    finally:
        subprocess.run([*server, "kill-server"], check=False)


def _even(line: str) -> str:
    for pattern in _VARIABLE:
        line = pattern.sub(lambda found: re.sub(r"\d", "0", found[0]), line)
    return line


def without_the_run(line: str) -> str:
    """The line with other ids, ports, numbers of processes and the like, always of the same length."""
    for pattern, instead in _OF_A_RUN:
        line = pattern.sub(instead, line)
    return line
