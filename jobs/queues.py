"""The task queues of one deployment."""

from typing import Final

_DOWNLOADS: Final = "-downloads"


def downloads_queue(task_queue: str) -> str:
    """The queue of the steps that fetch from other sites, so that a slow site takes no slot of the other steps."""
    return f"{task_queue}{_DOWNLOADS}"


def is_downloads_queue(task_queue: str) -> bool:
    """Whether it is one of these."""
    return task_queue.endswith(_DOWNLOADS)
