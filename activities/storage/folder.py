"""A storage folder: staged writes, moves by rename, and no links below its root."""

import asyncio
import errno
import fcntl
import os
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from audioprep.activities.attempt.scratch import locked
from audioprep.activities.attempt.shielding import run_to_completion
from audioprep.jobs import keys
from audioprep.jobs.errors import ErrorKind, PermanentError


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, also if another process removes it meanwhile. Raises OSError.

    `mkdir(exist_ok=True)` raises FileExistsError if the folder it met is gone when it looks whether it is one.
    """
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            if folder.exists() and not folder.is_dir():
                raise
        else:
            return


def renamed(path: Path, target: Path) -> bool:
    """Whether `path` is `target` now, as new as if it had been written there, and in one step for who reads it.

    False, with `path` still there, when the two are on different file systems. Raises OSError.
    """
    make_folder(target.parent)
    os.utime(path)
    try:
        path.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


STAGING: Final = ".audioprep-staging"
"""Where objects are written before they have their name: below the root, so that a rename is enough."""
_HIDDEN: Final = re.compile(r"#\d+$")  # names that the store takes for parts of its own


class ObjectFolder:
    """Writes objects below `root`, which may itself be a link.

    A writer holds a lock on its staged file, which the kernel releases however the process ends: what is not locked
    was left by one that was killed, and is removed by the next process that writes.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._swept = False

    def path_of(self, key: str) -> Path:
        """The file of a key. Raises PermanentError for a key that is not valid or leads through a symbolic link."""
        if keys.checked(key).split("/", 1)[0] == STAGING or _HIDDEN.search(key):
            raise PermanentError(ErrorKind.INVALID_PAYLOAD, f"The storage key {key[:80]!r} is not that of an object.")
        if self._is_linked(key):
            sentence = f"The storage key {key[:80]!r} leads through a symbolic link, which is not followed."
            raise PermanentError(ErrorKind.REFUSED, sentence)
        return self._root / key

    def is_object(self, key: str) -> bool:
        """Whether a file found below the root is an object: neither staged nor behind a link."""
        return key.split("/", 1)[0] != STAGING and not self._is_linked(key)

    async def write(self, key: str, blocks: AsyncIterator[bytes], *, replace: bool = True) -> bool:
        """Store the blocks as one object. False, with nothing changed, if it is there and may not be replaced."""
        target = await asyncio.to_thread(self.path_of, key)
        file, staged = await asyncio.to_thread(self._stage)
        try:
            async for block in blocks:
                await asyncio.to_thread(file.write, block)
            return await asyncio.to_thread(_publish, file, staged, target, replace)
        finally:
            await run_to_completion(asyncio.to_thread(_discard, file, staged))

    def take(self, path: Path, key: str) -> bool:
        """Make the file at `path` the object by renaming it; False if it lies on another file system."""
        return renamed(path, self.path_of(key))

    def remove_empty(self, folder: str) -> None:
        """Remove a folder that has nothing in it."""
        with suppress(OSError):
            self.path_of(folder).rmdir()

    def _is_linked(self, key: str) -> bool:
        below = [PurePosixPath(key), *PurePosixPath(key).parents][:-1]
        return any((self._root / part).is_symlink() for part in below)

    def _stage(self) -> tuple[BinaryIO, Path]:
        folder = self._root / STAGING
        while True:
            make_folder(folder)
            # One process at a time sweeps or adds: between making and locking it, a file looks abandoned.
            with suppress(FileNotFoundError), locked(folder) as handle:
                if os.path.samestat(os.fstat(handle), folder.stat()):
                    return self._add(folder)
            # Another process removed the folder in this moment, being the last to use it.

    def _add(self, folder: Path) -> tuple[BinaryIO, Path]:
        if not self._swept:
            _sweep(folder)
            self._swept = True
        staged = folder / uuid.uuid4().hex
        file = staged.open("xb")
        fcntl.flock(file, fcntl.LOCK_EX)
        return file, staged


def _publish(file: BinaryIO, staged: Path, target: Path, replace: bool) -> bool:
    file.flush()
    make_folder(target.parent)
    if replace:
        staged.replace(target)
        return True
    try:
        os.link(staged, target)
    except FileExistsError:
        return False
    return True


def _discard(file: BinaryIO, staged: Path) -> None:
    try:
        file.close()
    finally:
        staged.unlink(missing_ok=True)
        with suppress(OSError), locked(staged.parent):
            staged.parent.rmdir()  # unless others are being written


def _sweep(folder: Path) -> None:
    for staged in folder.iterdir():
        try:
            with locked(staged, wait=False):
                staged.unlink(missing_ok=True)
        except (BlockingIOError, FileNotFoundError):  # being written, or in place by now
            continue
