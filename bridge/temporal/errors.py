"""Errors of calls to Temporal, split by what the caller should do."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.service import RPCError, RPCStatusCode


class TemporalError(Exception):
    """Base of every failure of a call to Temporal.

    TemporalError
    |-- TemporalUnavailable   the same call may work in a moment: away, overloaded, or refusing us
    `-- TemporalRefused       it never will: an argument is invalid or too large
    """


class TemporalUnavailable(TemporalError):
    """Back off and ask again."""


class TemporalRefused(TemporalError):
    """The job that the call was about cannot be what it asks for."""


@contextmanager
def temporal_errors() -> Iterator[None]:
    """The SDK's errors as ours: RPCError of a call, RuntimeError of a first call that cannot connect.

    An answer that cannot be decrypted is no use either, until the keys are put right.
    """
    try:
        yield
    except RPCError as error:
        kind = TemporalRefused if _is_permanent(error) else TemporalUnavailable
        raise kind(f"Temporal answered {error.status.name}: {error.message}") from error
    except RuntimeError as error:
        raise TemporalUnavailable(f"Temporal cannot be reached: {str(error)[:200]}") from error


def _is_permanent(error: RPCError) -> bool:
    """An invalid argument, or a message over gRPC's size, which has the status of an exhausted resource."""
    too_large = error.status is RPCStatusCode.RESOURCE_EXHAUSTED and "larger than max" in error.message
    return too_large or error.status is RPCStatusCode.INVALID_ARGUMENT
