"""Terminal output, exit codes and errors of all commands: everything that a command prints passes through here.

Rows, names and errors are untrusted input: no escape sequence in them reaches the terminal.
"""

import asyncio
import json
import sys
from collections.abc import Coroutine, Iterable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from audioprep.jobs.text.wording import printable

if TYPE_CHECKING:  # the commands import what they need when they run: `--help` must be quick
    from audioprep.settings import Settings

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells say it

_PIPED_WIDTH = 200  # columns where there is no terminal: an id must stay on its line

_LINES = "\n"  # the only control character of text: Rich expands tabs


class SafeConsole(Console):
    """A console whose text has no control characters; only Rich's own control codes reach the terminal."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The one way of all that is printed, in tables and progress bars as well."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text, _LINES))


out = SafeConsole(width=None if sys.stdout.isatty() else _PIPED_WIDTH)
err = SafeConsole(width=None if sys.stderr.isatty() else _PIPED_WIDTH, stderr=True)

T = TypeVar("T")


def read_settings() -> "Settings":
    """The settings, or the end of the command with one line per wrong value.

    A command of the group "Jobs" has those of the development stack that runs here, see `target.py`.
    """
    from audioprep.cli.target import aimed
    from audioprep.settings import Settings, SettingsError

    try:
        return aimed(Settings())
    except SettingsError as error:
        fail(str(error), EXIT_USAGE)


def fail(sentence: str, code: int = EXIT_FAILED) -> NoReturn:
    """End the command with a sentence on stderr."""
    say_error(sentence)
    raise typer.Exit(code)


def say_error(sentence: str) -> None:
    """On stderr; in a terminal wrapped between words."""
    err.print(Text.assemble(("error:", "bold red"), " ", printable(sentence, _LINES)), soft_wrap=not err.is_terminal)


def say(sentence: str, style: str = "") -> None:
    """A sentence on stdout; in a terminal wrapped between words."""
    out.print(Text(printable(sentence, _LINES), style), soft_wrap=not out.is_terminal)


def say_named(name: str, text: str, width: int) -> None:
    """A line with its name before it, in a terminal wrapped beside that.

    A word that has no place there, such as a long URL, is left to the terminal, so that it can be copied.
    """
    shown = printable(text)
    if out.is_terminal and max(map(len, shown.split()), default=0) < out.width - width:
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(width=width, no_wrap=True)
        grid.add_column()
        grid.add_row(Text(name), Text(shown))
        out.print(grid)
    else:
        out.print(f"{name:<{width}} {shown}", markup=False, highlight=False, soft_wrap=True)


def run(command: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine; the failures it may meet outside end it with a sentence."""
    from audioprep.bridge.database.errors import DatabaseError
    from audioprep.bridge.temporal.errors import TemporalUnavailable
    from audioprep.jobs.errors import JobError

    try:
        return asyncio.run(command)
    except typer.Exit:  # a RuntimeError, too: the command has said why it ends
        raise
    except (DatabaseError, TemporalUnavailable, JobError, RuntimeError, ValueError) as error:
        fail(str(error) or type(error).__name__)
    finally:
        command.close()  # an interrupt may come before it has begun


def print_json(value: Any, *, indent: int | None = None) -> None:
    """For programs: one JSON document on stdout. What a terminal would not show is escaped, as JSON allows."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    escaped = "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)
    typer.echo(escaped)  # noqa: TID251 - the one place
