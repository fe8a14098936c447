"""Telemetry of one process: HTTP server with health and metrics, traces."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from pydantic import SecretStr
from temporalio.client import Interceptor
from temporalio.runtime import Runtime, TelemetryConfig

from audioprep.http.endpoints import HealthSource
from audioprep.http.server import http_server
from audioprep.service.health import Health
from audioprep.service.runner import Runner
from audioprep.settings import Settings
from audioprep.settings.service import HttpSettings
from audioprep.status_page.routes import StatusPage
from audioprep.telemetry.sdk_logs import sdk_logging
from audioprep.telemetry.sdk_metrics import SdkMetrics
from audioprep.telemetry.tracing import tracing


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What a role gets. `startup` is the health of what it waits for before it can begin; roles add their `parts`.

    A bridge attaches what it knows to the `status_page`, if there is one.
    """

    interceptors: Sequence[Interceptor] = ()
    runtime: Runtime | None = None
    startup: Health = field(default_factory=Health)
    parts: list[HealthSource] = field(default_factory=list)
    status_page: StatusPage | None = None


@asynccontextmanager
async def open_telemetry(settings: Settings, role: str) -> AsyncIterator[Telemetry]:
    """As far as the settings ask for it; what they do not ask for costs nothing.

    Raises RuntimeError when the port is taken.
    """
    async with AsyncExitStack() as stack:
        interceptors = await stack.enter_async_context(tracing(settings.tracing, role))
        if settings.http.http_port is None:
            yield Telemetry(interceptors, Runtime(telemetry=TelemetryConfig(logging=sdk_logging())))
            return
        sdk = SdkMetrics()
        password = _text(settings.http.status_password)
        page = StatusPage(password) if password and role != "worker" else None
        telemetry = Telemetry(interceptors, sdk.runtime, status_page=page)
        own = Health()
        telemetry.parts.extend([HealthSource(telemetry.startup), HealthSource(own, sdk.text)])
        await stack.enter_async_context(_served(telemetry, settings.http, settings.http.http_port))
        await stack.enter_async_context(Runner(sdk, own.watch(sdk.name)).running())
        yield telemetry


@asynccontextmanager
async def _served(telemetry: Telemetry, settings: HttpSettings, port: int) -> AsyncIterator[None]:
    wake, token = (_text(secret) for secret in (settings.wake_secret, settings.metrics_token))
    mount = telemetry.status_page.mount if telemetry.status_page else None
    async with http_server(
        telemetry.parts, settings.http_host, port, wake_secret=wake, metrics_token=token, mount=mount
    ):
        yield


def _text(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None
