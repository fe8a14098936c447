"""`dev` and `demo` in terminals of 80 and 50 columns: their screens are kept in tests/golden."""

from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from tests.support.audio import make_audio
from tests.support.fake_programs import slow_ffmpeg
from tests.support.golden import check_golden
from tests.support.processes import free_ports
from tests.support.tmux import Terminal, terminal

_LAST = "Ctrl-C stops it all"


@pytest.mark.parametrize("columns", [80, 50])
def test_the_screen_of_dev_is_the_one_that_is_kept(columns: int, tmp_path: Path) -> None:
    port, ui_port = free_ports(2)
    arguments = ["dev", "--port", str(port), "--ui-port", str(ui_port)]
    env = {"AUDIOPREP_LOG_LEVEL": "error", "AUDIOPREP_STORAGE_URL": "s3://ignored/here"}

    with terminal(tmp_path, env, *arguments, columns=columns) as seen:
        seen.until(lambda: _LAST in seen.text())
        seen.press("C-c")
        seen.until(lambda: seen.ended)

        check_golden(f"dev-{columns}", seen.text(of_a_run=True).replace("^C", ""))


def test_the_screen_of_demo_is_the_one_that_is_kept(tmp_path: Path) -> None:
    """Both widths at once: each waits ten seconds for the heartbeat of the worker that was killed."""
    env = {"PATH": slow_ffmpeg(tmp_path / "bin", speed=6)}
    tone = make_audio(tmp_path / "recording.mp3", 60)
    with ExitStack() as stack:
        demos = {columns: stack.enter_context(_demo(tmp_path, env, tone, columns)) for columns in (80, 50)}
        for columns, seen in demos.items():
            _until_ended(seen)
            check_golden(f"demo-{columns}", seen.text(of_a_run=True), rewrapped=True)


def _demo(folder: Path, env: dict[str, str], file: Path, columns: int) -> AbstractContextManager[Terminal]:
    own = folder / str(columns)
    own.mkdir()
    return terminal(own, env, "demo", str(file), columns=columns)


def _until_ended(seen: Terminal) -> None:
    seen.until(lambda: seen.ended, within=180)
