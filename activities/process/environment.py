"""What a child process gets to see of the worker's environment: where programs and libraries are, and nothing else.

The worker's own holds keys of storage and tokens, and settings that change where a child connects, such as proxies.
"""

import ctypes
import os
import sys
from typing import Final

_PR_SET_DUMPABLE: Final = 4  # prctl(2)

_PASSED: Final = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def child_environment() -> dict[str, str]:
    """PATH and its like from ours; messages in plain English, which we read."""
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    return {"PATH": os.defpath, **passed, "LC_ALL": "C.UTF-8"}


def hide_from_children() -> bool:
    """Make this process not dumpable: others of the same user can read neither its memory nor its /proc/PID/environ.

    False where the system has no such thing. Children are not affected: a program that is executed is dumpable again.
    """
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
