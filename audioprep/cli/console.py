"""What commands share: the settings, the run of a coroutine, and failures as sentences instead of traces."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer
from rich.console import Console

if TYPE_CHECKING:  # the commands import what they need when they run: `--help` must be quick
    from audioprep.settings import Settings

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells say it

_PIPED_WIDTH = 200  # columns where there is no terminal: an id must stay on its line

out = Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH)
err = Console(width=None if sys.stderr.isatty() else _PIPED_WIDTH, stderr=True)

T = TypeVar("T")


def read_settings() -> "Settings":
    """The settings, or the end of the command with one line per wrong value."""
    from audioprep.settings import Settings, SettingsError

    try:
        return Settings()
    except SettingsError as error:
        fail(str(error), EXIT_USAGE)


def fail(sentence: str, code: int = EXIT_FAILED) -> NoReturn:
    """End the command with a sentence on stderr."""
    err.print("error:", style="bold red", end=" ")
    err.print(sentence, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def run(command: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine; the failures it may meet outside end it with a sentence."""
    from audioprep.bridge.database_errors import DatabaseError
    from audioprep.bridge.temporal_errors import TemporalUnavailable
    from audioprep.jobs.errors import JobError

    try:
        return asyncio.run(command)
    except (DatabaseError, TemporalUnavailable, JobError, RuntimeError, ValueError) as error:
        fail(str(error) or type(error).__name__)


def print_json(value: Any) -> None:
    """For programs: one JSON document on stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False))
