"""Scratch directories of workers: locked while in use, removed after a crash (orphaned leftovers)."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path


@contextmanager
def open_scratch(folder: Path) -> Iterator[None]:
    """Make `folder`, which is a worker's own, and remove it afterwards. Folders of dead workers beside it go first.

    A live worker holds a lock on its folder, which the kernel releases however the worker ends.
    """
    root = folder.parent
    make_private(root)
    # One worker at a time sweeps and makes its folder: between making and locking it, a folder looks abandoned.
    with ExitStack() as held:
        with locked(root):
            _sweep(root)
            folder.mkdir(mode=0o700)
            held.enter_context(locked(folder))
        held.callback(shutil.rmtree, folder, ignore_errors=True)
        yield


def make_private(folder: Path) -> None:
    """Make a folder that other users of the machine cannot read, or take its rights from one that is there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(PermissionError):  # another user's, who shares it with us
        folder.chmod(0o700)


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[int]:
    """Hold a folder's or file's lock; gives its handle. Raises BlockingIOError if it is taken and `wait` is off."""
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield handle
    finally:
        os.close(handle)


def _sweep(root: Path) -> None:
    for folder in root.glob("worker-*"):
        try:
            with locked(folder, wait=False):
                shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:  # its worker lives
            continue
