"""Commands find the development stack as git finds its folder, and never make a database by reading."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audioprep.cli.app import app
from audioprep.dev.stack import DevStack, find_stack, published, read_stack

ADDRESSES = {"temporal": "127.0.0.1:1", "ui": "http://127.0.0.1:2", "task_queue": "q"}


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own, and nothing of a deployment in the environment; what a command sets there is undone."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("TURSO_", "TEMPORAL_", "AUDIOPREP_"))]:
        monkeypatch.delenv(name)
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_CONFIG_FILE"):
        monkeypatch.setenv(name, "")


def _stack(folder: Path) -> DevStack:
    folder.mkdir(parents=True)
    with published(folder, **ADDRESSES) as stack:
        return stack


def test_a_stack_is_found_from_a_folder_below_it(tmp_path: Path) -> None:
    stack = _stack(tmp_path / ".audioprep")

    assert find_stack(tmp_path / "a" / "b") == stack
    assert stack.is_running


def test_a_reused_pid_is_not_the_stack(tmp_path: Path) -> None:
    stack = _stack(tmp_path / ".audioprep")

    assert not stack.model_copy(update={"started": stack.started - 1}).is_running


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_stack_of_another_user_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _stack(tmp_path / ".audioprep")
    os.chown(tmp_path / ".audioprep" / "dev.json", 12345, -1)

    assert read_stack(tmp_path / ".audioprep") is None


@pytest.mark.parametrize("command", ["jobs", "show x", "logs x", "doctor x", "watch", "cancel x", "retry x"])
def test_reading_where_no_database_is_makes_none(command: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, command.split())

    assert done.exit_code == 1
    assert done.stderr.startswith("error: There is no database .audioprep/jobs.db. `audioprep dev` starts a stack here")
    assert list(tmp_path.iterdir()) == []


def test_submitting_where_no_database_is_makes_none(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["submit", "ingest", "https://example.org/a.mp3"])

    assert "There is no database" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_command_says_that_it_is_about_the_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _stack(tmp_path / ".audioprep")
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{tmp_path / 'other.db'}")

    at_stack = CliRunner().invoke(app, ["jobs"])
    of_environment = CliRunner().invoke(app, ["jobs", "--env"])

    assert at_stack.stderr.startswith("(dev stack in .audioprep; --env for TURSO_DATABASE_URL)\n")
    assert "There is no database .audioprep/jobs.db" in at_stack.stderr
    assert of_environment.stderr.startswith("error: There is no database other.db")


def test_a_folder_without_a_stack_is_refused() -> None:
    done = CliRunner().invoke(app, ["jobs", "--dev", "nowhere"])

    assert done.exit_code == 2
    assert "There is no dev stack in nowhere" in done.stderr
