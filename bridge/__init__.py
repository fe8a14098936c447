"""Turso <-> Temporal: keeps every row of the jobs table true. Knows no activity and no workflow, only their names.

As a library:

    options = BridgeOptions(task_queue="my-bridge", routes={"transcribe": "TranscribeWorkflow@transcribers"})
    async with Bridge.open("libsql://...", client, options, token="...") as bridge:
        await bridge.run()

What is named in `__all__` may be relied on: docs/extending.md.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audioprep.bridge.bridge import Bridge
    from audioprep.bridge.limits import LimitsByType
    from audioprep.bridge.options import BridgeOptions
    from audioprep.jobs.registry import JobLimits

__all__ = ["Bridge", "BridgeOptions", "JobLimits", "LimitsByType"]


def __getattr__(name: str) -> Any:
    """Loaded when it is asked for: the command line reads the table without Temporal's client."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "limits" if "Limits" in name else "options" if name == "BridgeOptions" else "bridge"
    return getattr(import_module(f"{__name__}.{module}"), name)
