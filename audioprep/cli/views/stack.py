"""What `dev` prints: where its parts are, what it ignores of the environment, what to type next."""

import logging
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from audioprep.cli.console import out, say_named
from audioprep.cli.target import short_path

if TYPE_CHECKING:
    from audioprep.dev.stack import DevStack

_IGNORED: Final = ("TURSO_", "TEMPORAL_", "AUDIOPREP_STORAGE_URL", "AUDIOPREP_WORK_DIR", "AUDIOPREP_DATABASES")
_LABEL: Final = 12  # columns of a line's name


def print_stack(stack: "DevStack") -> None:
    from audioprep.dev.server import LOG
    from audioprep.dev.stack import FOLDER

    folder = short_path(stack.folder)
    elsewhere = "" if stack.folder.name == FOLDER else f" --dev {shlex.quote(folder)}"
    lines = {
        "Temporal UI": stack.ui,
        "database": f"{folder}/jobs.db",
        "storage": f"{folder}/storage",
        "Temporal": f"{stack.temporal}, log {folder}/temporal/{LOG}",
        "ignored": ", ".join(ignored_variables()),
        "try": f"{program()} submit ingest FILE --watch{elsewhere}",
        "": "Ctrl-C stops it all; jobs go on at the next start",
    }
    for name, value in lines.items():
        if value:
            say_named(name, value, _LABEL)


def ignored_variables() -> list[str]:
    """Variables that are set for a deployment: the stack touches nothing of one."""
    return sorted(name for name, value in os.environ.items() if value and name.startswith(_IGNORED))


def say_stopping() -> None:
    """From now on only warnings are printed: that steps are handed over is what was asked for."""
    logging.getLogger("audioprep").setLevel(logging.WARNING)
    out.print("stopping: worker and bridge, then Temporal", highlight=False)


def program() -> str:
    """How this program can be typed from here."""
    typed = Path(sys.argv[0])
    found = shutil.which("audioprep")
    if found and Path(found).resolve() == typed.resolve():
        return "audioprep"
    return short_path(typed.absolute()) if typed.name == "audioprep" else "audioprep"
