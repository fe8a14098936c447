"""The task queues of one deployment."""


def downloads_queue(task_queue: str) -> str:
    """Where the steps wait that fetch from strangers' sites, so that a slow site takes no slot of the others."""
    return f"{task_queue}-downloads"
