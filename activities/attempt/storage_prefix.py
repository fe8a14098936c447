"""Storage prefix of a job: the folder of the storage that its keys are relative to, from workflow to activity.

A header carries it, so that no activity's input has to.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from temporalio import activity
from temporalio.api.common.v1 import Payload

HEADER: Final = "audioprep-storage-prefix"
_current: ContextVar[str] = ContextVar("storage_prefix", default="")


def storage_prefix() -> str:
    """Of the activity that runs; empty for the storage's root."""
    return _current.get()


@contextmanager
def prefix_of(headers: Mapping[str, Payload]) -> Iterator[None]:
    """What runs in the block works in the folder that the headers name."""
    found = headers.get(HEADER)
    token = _current.set("" if found is None else str(activity.payload_converter().from_payload(found)))
    try:
        yield
    finally:
        _current.reset(token)
