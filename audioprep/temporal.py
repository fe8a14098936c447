"""The connection to Temporal, configured by the SDK's own variables and profile file."""

import asyncio
import os
from collections.abc import Sequence
from datetime import timedelta

import structlog
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, Interceptor
from temporalio.envconfig import ClientConfig
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from audioprep.bridge.health import ServiceHealth
from audioprep.plugin import AudioPrepPlugin

log = structlog.get_logger()

DEFAULT_ADDRESS = "localhost:7233"
_RETRY_INTERVAL = 2.0  # seconds
_NAMESPACE_TIMEOUT = timedelta(seconds=10)


async def connect(
    plugin: AudioPrepPlugin | None = None,
    *,
    lazy: bool = False,
    runtime: Runtime | None = None,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """A client for TEMPORAL_ADDRESS and its relatives. With `lazy`, connecting waits for the first call.

    A worker made from it serves what `plugin` brings. `runtime` and `interceptors` are for who wants to watch it.

    Raises RuntimeError when Temporal cannot be reached, ValueError when the configuration is wrong.
    """
    # A variable set to nothing, as forms of hosting platforms do, is not set: an empty key would switch TLS on.
    given = {name: value for name, value in os.environ.items() if value}
    config = ClientConfig.load_client_connect_config(override_env_vars=given)
    config.setdefault("target_host", DEFAULT_ADDRESS)
    return await Client.connect(
        **config,
        plugins=[plugin or AudioPrepPlugin()],
        interceptors=interceptors,
        lazy=lazy,
        runtime=runtime,
    )


async def check_namespace(client: Client) -> None:
    """Is the client's namespace there, and may we use it? Raises RuntimeError, with what to do, when not."""
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        await client.workflow_service.describe_namespace(request, timeout=_NAMESPACE_TIMEOUT)
    except RPCError as error:
        raise RuntimeError(_advice(error, client.namespace)) from error


async def connect_patiently(
    plugin: AudioPrepPlugin,
    health: ServiceHealth,
    runtime: Runtime | None = None,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """Like `connect`, but a server or a namespace that is not there yet is waited for; `health` tells how it goes."""
    while True:
        try:
            client = await connect(plugin, runtime=runtime, interceptors=interceptors)
            await check_namespace(client)
        except RuntimeError as error:
            sentence = str(error).splitlines()[0]
            health.failed(sentence)
            log.warning("temporal_unreachable", error=sentence, retry_in=_RETRY_INTERVAL)
        else:
            health.succeeded()
            return client
        await asyncio.sleep(_RETRY_INTERVAL)


def _advice(error: RPCError, namespace: str) -> str:
    match error.status:
        case RPCStatusCode.NOT_FOUND:
            return f"Temporal has no namespace {namespace}: check TEMPORAL_NAMESPACE, or create it"
        case RPCStatusCode.UNAUTHENTICATED | RPCStatusCode.PERMISSION_DENIED:
            return f"Temporal refuses us namespace {namespace}: check TEMPORAL_API_KEY and TEMPORAL_NAMESPACE"
        case _:
            return f"Temporal answered {error.status.name}: {error.message}"
