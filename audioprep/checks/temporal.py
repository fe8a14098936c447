"""Temporal: reached, and our namespace is ours to use."""

from audioprep.settings import Settings
from audioprep.temporal import check_namespace, connect, explained


async def check_temporal(_settings: Settings) -> str:
    try:
        client = await connect()
    except RuntimeError as error:
        raise RuntimeError(explained(str(error))) from error
    await check_namespace(client)
    return f"namespace {client.namespace} at {client.service_client.config.target_host}"
