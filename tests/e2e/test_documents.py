"""README.md and docs/job-contract.md: every command runs, every statement is accepted, every name and link exists."""

import asyncio
import os
import re
import signal
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from audioprep.cli.app import app
from tests.support.audio import make_audio
from tests.support.documents import CONTRACT, README, commands
from tests.support.processes import ROOT, Program, free_ports, running
from tests.support.waiting import eventually

DEMO = "make demo"
DEV = ".venv/bin/audioprep dev"
SUBMIT = ".venv/bin/audioprep submit ingest recording.mp3 --watch"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that has what a fresh clone has after its set-up, and its own `.audioprep`."""
    names = ("Makefile", "pyproject.toml", "uv.lock", "package.json", "package-lock.json", "scripts", ".venv")
    for name in (*names, ".tools", "node_modules"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def bare_environment() -> dict[str, str]:
    """Nothing of ours is set, as for somebody who has just begun; but nobody here waits 3 s for a first look."""
    ours = ("AUDIOPREP_", "TURSO_", "TEMPORAL_", "AWS_", "MAKE", "MFLAGS")
    others = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**others, "AUDIOPREP_POLL_INTERVAL": "0.2"}


def test_the_readme_has_no_command_that_is_not_run_here() -> None:
    assert commands(README) == [DEMO, DEV, SUBMIT]
    assert commands(CONTRACT) == []


async def test_the_demo_shows_one_job_from_row_to_result(checkout: Path) -> None:
    code, said = await _typed(DEMO, checkout)

    assert code == 0, said
    assert re.findall(r"pending|queued|downloading|analyzing|complete", said)[0] == "pending"
    assert re.search(r"killed +process \d+ with SIGKILL, at \d+ % of the job", said), said
    assert re.search(r"complete +[\d.]+ s later, retries: 1", said), said
    assert "waveform.png" in said


async def test_a_first_job_on_a_first_stack_completes(checkout: Path) -> None:
    make_audio(checkout / "recording.mp3", 5)
    port, ui_port = free_ports(2)
    # The same command but for the ports, which somebody else may be using on this machine.
    argv = ["sh", "-c", f"exec {DEV} --port {port} --ui-port {ui_port}"]
    stack = Program(argv, checkout / "dev.log", cwd=checkout, env=bare_environment(), stop_with=signal.SIGINT)
    with running(stack):

        async def ready() -> bool:
            return "bridge_started" in stack.said()

        await eventually(ready, within=60, what=f"the stack of `{DEV}`")
        code, said = await _typed(SUBMIT, checkout)

    assert code == 0, said + stack.said()
    assert '"originalFilename": "recording.mp3"' in said


@pytest.mark.parametrize("document", [README, CONTRACT], ids=lambda path: path.name)
def test_every_command_target_and_link_that_is_named_exists(document: Path) -> None:
    text = document.read_text("utf-8")
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    typed = re.findall(r"`audioprep ([a-z-]+)((?: --[a-z-]+)*)", text)
    linked = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)

    for name, options in typed:
        if name.startswith("--"):
            continue
        assert name in group.commands, name
        known = {option for parameter in group.commands[name].params for option in parameter.opts}
        assert set(options.split()) <= known, name
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets
    assert [link for link in linked if "://" not in link and not (document.parent / link).exists()] == []


async def _typed(command: str, folder: Path) -> tuple[int, str]:
    """Type a command into a shell; how it ended, and all it said."""
    process = await asyncio.create_subprocess_shell(
        command,
        cwd=folder,
        env=bare_environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 100)
    return process.returncode or 0, out.decode()
