"""Results of a check, and its warning."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckResult:
    """`says` is a sentence; when not `ok`, or when it is a warning, it tells what to do.

    A warning is about something that only some jobs need, or that will be trouble later.
    """

    subject: str
    ok: bool
    says: str
    warning: bool = False


class CheckWarning(Exception):
    """All is there, but something should be done about it."""
