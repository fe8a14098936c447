"""Temporal: reached, and our namespace is ours to use."""

import re
from typing import Final

from audioprep.settings import Settings
from audioprep.temporal import check_namespace, connect

_SYSTEM_WORDS: Final = re.compile(r'message: "([^"]+)"')
_CONNECT_FAILED: Final = "Failed client connect"  # how the SDK begins


async def check_temporal(_settings: Settings) -> str:
    try:
        client = await connect()
    except RuntimeError as error:
        raise RuntimeError(_explained(str(error))) from error
    await check_namespace(client)
    address = client.service_client.config.target_host.rpartition("@")[2]  # without what may be a password
    return f"namespace {client.namespace} at {address}"


def _explained(said: str) -> str:
    """The SDK's words, which name parts of its inside, as a sentence that names ours."""
    if not said.startswith(_CONNECT_FAILED):
        return said
    found = _SYSTEM_WORDS.search(said)
    reason = found[1].lower() if found else said.removeprefix(f"{_CONNECT_FAILED}: ")
    return f"Temporal cannot be reached ({reason}): check TEMPORAL_ADDRESS, and for Temporal Cloud TEMPORAL_API_KEY"
