"""A file that becomes an object of a storage folder by a new name: nothing is copied where both are on one disk."""

import errno
import os
from pathlib import Path


def renamed(path: Path, target: Path) -> bool:
    """Whether `path` is `target` now, as new as if it had been written there, and in one step for who reads it.

    False, with `path` still there, when the two are on different file systems. Raises OSError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    os.utime(path)
    try:
        path.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True
