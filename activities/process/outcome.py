"""How a child's run came to its end. Pure."""

from enum import StrEnum


class ChildOutcome(StrEnum):
    """In one word, for metrics and traces."""

    OK = "ok"  # exit code 0
    FAILED = "failed"  # another exit code
    KILLED = "killed"  # by a signal that was not ours: most often the kernel, out of memory
    LIMITED = "limited"  # it came to one of its limits
    STALLED = "stalled"  # we stopped it, for it showed no progress
    STOPPED = "stopped"  # we stopped it: a cancel, a time limit, a worker that shuts down, or it had said enough


def outcome_of(code: int, *, stopped: bool, stalled: bool, limited: bool) -> ChildOutcome:
    """`stopped` says that we ended it; why comes before how."""
    if stalled:
        return ChildOutcome.STALLED
    if limited:
        return ChildOutcome.LIMITED
    if stopped:
        return ChildOutcome.STOPPED
    if code < 0:
        return ChildOutcome.KILLED
    return ChildOutcome.FAILED if code else ChildOutcome.OK
