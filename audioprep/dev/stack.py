"""Discovery of the development stack: a file with its process and addresses, found upwards as git finds `.git`."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

FOLDER: Final = ".audioprep"
_FILE: Final = "dev.json"


class DevStack(BaseModel):
    """A stack as it was started last. `started` is the process' own start time, so that no reused pid passes for it."""

    model_config = ConfigDict(frozen=True)

    folder: Path
    pid: int
    started: float
    temporal: str
    ui: str
    task_queue: str

    @property
    def is_running(self) -> bool:
        with suppress(psutil.Error):
            return psutil.Process(self.pid).create_time() == self.started
        return False


@contextmanager
def published(folder: Path, *, temporal: str, ui: str, task_queue: str) -> Iterator[DevStack]:
    """Tell other processes of the stack of this one. The file stays, so that the data of a stopped stack is found."""
    process = psutil.Process()
    stack = DevStack(
        folder=folder.absolute(),
        pid=process.pid,
        started=process.create_time(),
        temporal=temporal,
        ui=ui,
        task_queue=task_queue,
    )
    written = folder / f"{_FILE}.{process.pid}"
    written.write_text(json.dumps(stack.model_dump(mode="json"), indent=2) + "\n", "utf-8")
    written.replace(folder / _FILE)
    yield stack


def find_stack(start: Path) -> DevStack | None:
    """The stack in `.audioprep` of `start` or of the nearest folder above it that has one."""
    for folder in (start.absolute(), *start.absolute().parents):
        stack = read_stack(folder / FOLDER)
        if stack is not None:
            return stack
    return None


def read_stack(folder: Path) -> DevStack | None:
    """The stack in `folder`; None when there is none, or when another user made it: commands would follow that user."""
    file = folder / _FILE
    try:
        if file.stat().st_uid not in (os.getuid(), 0):
            return None
        return DevStack.model_validate_json(file.read_bytes()).model_copy(update={"folder": folder.absolute()})
    except (OSError, ValidationError):
        return None
