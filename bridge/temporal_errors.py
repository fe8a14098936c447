"""What can go wrong between us and Temporal."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.service import RPCError


class TemporalUnavailable(Exception):
    """Temporal did not do what was asked: away, overloaded, or refusing us. Back off and ask again."""


@contextmanager
def temporal_errors() -> Iterator[None]:
    """The SDK's errors as ours: RPCError of a call, RuntimeError of a first call that cannot connect."""
    try:
        yield
    except RPCError as error:
        raise TemporalUnavailable(f"Temporal answered {error.status.name}: {error.message}") from error
    except RuntimeError as error:
        raise TemporalUnavailable(f"Temporal cannot be reached: {str(error)[:200]}") from error
