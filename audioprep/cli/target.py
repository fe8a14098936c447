"""Which deployment a command is about: the development stack that runs here, or the one of the environment."""

import inspect
import os
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from audioprep.cli.database import settings_of_database

if TYPE_CHECKING:
    from audioprep.dev.stack import DevStack
    from audioprep.settings import Settings

DATABASE: Final = "TURSO_DATABASE_URL"

Dev = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="The development stack in this folder; else .audioprep here or above."),
]
Env = Annotated[bool, typer.Option("--env", help="The deployment of the environment, also where a dev stack runs.")]

Database = Annotated[
    str | None, typer.Option(metavar="NAME", help="One of AUDIOPREP_DATABASES.", envvar="AUDIOPREP_DATABASE")
]


@dataclass(frozen=True, slots=True)
class _Choice:
    dev: Path | None = None
    env: bool = False
    database: str | None = None


_choice: ContextVar[_Choice | None] = ContextVar("choice", default=None)


def targeted(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options --dev, --env and --database; its `read_settings` follows them."""
    signature = inspect.signature(command)
    options = [
        inspect.Parameter("dev", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Dev),
        inspect.Parameter("env", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Env),
        inspect.Parameter("database", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Database),
    ]

    @wraps(command)
    def chosen(
        *args: Any, dev: Path | None = None, env: bool = False, database: str | None = None, **kwargs: Any
    ) -> None:
        _choice.set(_Choice(dev, env, database))
        command(*args, **kwargs)

    chosen.__signature__ = signature.replace(  # type: ignore[attr-defined] # what Typer reads
        parameters=[*signature.parameters.values(), *options]
    )
    chosen.__annotations__ = {**command.__annotations__, "dev": Dev, "env": Env, "database": Database}
    return chosen


def aimed(settings: "Settings", *, quiet: bool = False) -> "Settings":
    """The settings, pointed at the development stack if the command is about that; then a line on stderr says so."""
    choice = _choice.get()
    if choice is not None and choice.database:
        return settings_of_database(settings, choice.database)
    if choice is None or choice.env:
        return settings
    stack = _stack(choice)
    if stack is None or not (choice.dev or stack.is_running or DATABASE not in os.environ):
        return settings
    if not quiet:
        _say(stack)
    return at_stack(settings, stack)


def at_stack(settings: "Settings", stack: "DevStack") -> "Settings":
    """The settings of the stack; Temporal's own variables, which its SDK reads, are set to its server."""
    for name in [name for name in os.environ if name.startswith("TEMPORAL_")]:
        del os.environ[name]
    os.environ |= {"TEMPORAL_ADDRESS": stack.temporal, "TEMPORAL_CONFIG_FILE": os.devnull}
    local = settings.local(stack.folder)
    local.temporal = settings.temporal.model_copy(update={"task_queue": stack.task_queue, "temporal_ui": stack.ui})
    return local


def aim_quietly() -> "Settings":
    """For the shell's completion: as for a command without --dev and --env."""
    from audioprep.settings import Settings

    _choice.set(_Choice())
    return aimed(Settings(), quiet=True)


def _stack(choice: _Choice) -> "DevStack | None":
    from audioprep.cli.console import EXIT_USAGE, fail
    from audioprep.dev.stack import find_stack, read_stack

    if choice.dev is None:
        return find_stack(Path.cwd())
    return read_stack(choice.dev) or fail(
        f"There is no dev stack in {choice.dev}: `audioprep dev --folder {choice.dev}` starts one.", EXIT_USAGE
    )


def _say(stack: "DevStack") -> None:
    from audioprep.cli.console import err

    state = "" if stack.is_running else ", which does not run"
    other = f"; --env for {DATABASE}" if DATABASE in os.environ else ""
    line = f"(dev stack in {short_path(stack.folder)}{state}{other})"
    err.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)


def short_path(path: Path) -> str:
    """As people write it: from here, or from the home folder, if that is shorter."""
    here, home = os.path.relpath(path), Path.home()
    told = f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
    return min((here, told), key=len)
