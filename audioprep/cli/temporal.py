"""The connection to Temporal for the length of a command."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from temporalio.client import Client


async def open_client() -> "Client":
    """Raises RuntimeError, with what to type, when Temporal cannot be reached."""
    from audioprep.temporal.connection import connect

    try:
        return await connect()
    except RuntimeError as error:
        raise RuntimeError("Temporal cannot be reached; `audioprep check` says where it was looked for.") from error
