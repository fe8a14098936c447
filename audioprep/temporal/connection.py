"""The connection to Temporal, configured by the SDK's own variables and profile file."""

import asyncio
import os
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog
from temporalio.api.namespace.v1 import NamespaceInfo
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, Interceptor
from temporalio.envconfig import ClientConfig
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from audioprep.plugin import AudioPrepPlugin
from audioprep.service.health import ServiceHealth

log = structlog.get_logger()

DEFAULT_ADDRESS = "localhost:7233"
_FIRST_PAUSE: Final = 2.0  # seconds
_LAST_PAUSE: Final = 10.0  # seconds
_NAMESPACE_TIMEOUT = timedelta(seconds=10)
_CONNECT_FAILED: Final = "Failed client connect"  # how the SDK begins
# How the SDK's core prints a gRPC status and an error of the system: https://docs.rs/tonic/latest/tonic/struct.Status.html
_STATUS: Final = re.compile(r'code: (\w+), message: "([^"]*)"')
_MESSAGE: Final = re.compile(r'message: "([^"]+)"')
_REFUSALS: Final = {
    RPCStatusCode.UNAUTHENTICATED: "check TEMPORAL_API_KEY, it may have expired",
    RPCStatusCode.PERMISSION_DENIED: "check TEMPORAL_API_KEY and TEMPORAL_NAMESPACE",
    RPCStatusCode.FAILED_PRECONDITION: "check TEMPORAL_ADDRESS, the namespace may be active in another cluster",
}
_CODES: Final = {code.name.replace("_", "").lower(): code for code in RPCStatusCode}


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


class NamespaceRefused(RuntimeError):
    """Temporal answers, and does not let us use the namespace."""


async def check_namespace(client: Client) -> NamespaceInfo.Capabilities:
    """What the client's namespace can do. Raises NamespaceRefused, with what to do, if it is not there or not ours.

    Raises RuntimeError when Temporal does not answer.
    """
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        answer = await client.workflow_service.describe_namespace(request, timeout=_NAMESPACE_TIMEOUT)
    except RPCError as error:
        refused = error.status is RPCStatusCode.NOT_FOUND or error.status in _REFUSALS
        kind = NamespaceRefused if refused else RuntimeError
        raise kind(_advice(error, client.namespace)) from error
    return answer.namespace_info.capabilities


async def connect_patiently(
    plugin: AudioPrepPlugin,
    health: ServiceHealth,
    runtime: Runtime | None = None,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """Like `connect`, but retries with back-off until server and namespace are there; `health` has the reason."""
    pause = _FIRST_PAUSE
    while True:
        try:
            client = await connect(plugin, runtime=runtime, interceptors=interceptors)
            plugin.worker_commands = (await check_namespace(client)).worker_commands
        except RuntimeError as error:
            sentence = explained(str(error))
            health.failed(sentence)
            log.warning("temporal_unreachable", error=sentence, retry_in=pause)
        else:
            return client
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LAST_PAUSE)


def explained(said: str) -> str:
    """The SDK's error text as one sentence that names the setting to check."""
    status = status_in(said)
    if status is not None and status[0] in _REFUSALS:
        return f"Temporal answered {status[0].name} ({status[1]}): {_REFUSALS[status[0]]}"
    if status is not None and status[0] is not RPCStatusCode.UNAVAILABLE:
        return f"Temporal answered {status[0].name}: {status[1]}"
    first_line = (said.splitlines() or [""])[0]
    if not said.startswith(_CONNECT_FAILED):
        return first_line
    found = _MESSAGE.search(said)
    reason = found[1].lower() if found else first_line.removeprefix(f"{_CONNECT_FAILED}: ")
    return f"Temporal cannot be reached ({reason}): check TEMPORAL_ADDRESS, and for Temporal Cloud TEMPORAL_API_KEY"


def status_in(said: str) -> tuple[RPCStatusCode, str] | None:
    """The gRPC status that an error text of the SDK's core holds, with its message; None without one."""
    found = _STATUS.search(said)
    code = _CODES.get(found[1].lower()) if found else None
    return (code, found[2]) if found and code is not None else None


def _advice(error: RPCError, namespace: str) -> str:
    match error.status:
        case RPCStatusCode.NOT_FOUND:
            return f"Temporal has no namespace {namespace}: check TEMPORAL_NAMESPACE, or create it"
        case code if code in _REFUSALS:
            return f"Temporal refuses us namespace {namespace} ({error.message}): {_REFUSALS[code]}"
        case _:
            return f"Temporal answered {error.status.name}: {error.message}"
