"""What can go wrong between us and Temporal."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.service import RPCError

from audioprep.payload_keys import UnreadablePayload


class TemporalUnavailable(Exception):
    """Temporal did not do what was asked: away, overloaded, or refusing us. Back off and ask again."""


@contextmanager
def temporal_errors() -> Iterator[None]:
    """The SDK's errors as ours: RPCError of a call, RuntimeError of a first call that cannot connect.

    An answer that cannot be decrypted is no use either, until the keys are put right.
    """
    try:
        yield
    except RPCError as error:
        raise TemporalUnavailable(f"Temporal answered {error.status.name}: {error.message}") from error
    except RuntimeError as error:
        raise TemporalUnavailable(f"Temporal cannot be reached: {str(error)[:200]}") from error
    except UnreadablePayload as error:
        raise TemporalUnavailable(str(error)) from error
