"""What a child process gets to see of our environment: where programs and libraries are, and nothing else.

The worker's own holds keys of storage and tokens, and settings that change where a child connects, such as proxies.
"""

import os
from typing import Final

_PASSED: Final = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def child_environment() -> dict[str, str]:
    """PATH and its like from ours; messages in plain English, which we read."""
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    return {"PATH": os.defpath, **passed, "LC_ALL": "C.UTF-8"}
