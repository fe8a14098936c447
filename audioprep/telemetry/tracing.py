"""Traces, exported by OTLP in a thread of their own."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status
from opentelemetry.util.types import Attributes
from temporalio.client import Interceptor

from audioprep.jobs.text.redaction import scrub
from audioprep.settings.service import TracingSettings
from audioprep.version import __version__


class ScrubbingExporter(SpanExporter):
    """Hands spans to `inner` as scrubbed copies."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._inner.export([_scrubbed(span) for span in spans])

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


def _scrubbed(span: ReadableSpan) -> ReadableSpan:
    description = span.status.description
    return ReadableSpan(
        name=scrub(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_values(span.attributes),
        events=[Event(event.name, _values(event.attributes), event.timestamp) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code, scrub(description) if description else None),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _values(attributes: Attributes) -> Attributes:
    return {name: scrub(value) if isinstance(value, str) else value for name, value in (attributes or {}).items()}


_LAST_SEND: Final = 3.0  # seconds at the end; a collector that is away must not hold a role up for longer


@asynccontextmanager
async def tracing(settings: TracingSettings, role: str) -> AsyncIterator[Sequence[Interceptor]]:
    """While the block lasts, spans go to the collector. Yields what Temporal clients need to carry them on.

    The SDK is imported only when it is wanted. Spans are sent by a thread of its own; what cannot be sent is dropped.
    """
    if not settings.wanted:
        yield ()
        return
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from temporalio.contrib.opentelemetry import TracingInterceptor

    from audioprep.telemetry.tracing import ScrubbingExporter

    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before these.
    named = {} if "OTEL_SERVICE_NAME" in os.environ else {"service.name": f"audioprep-{role}"}
    provider = TracerProvider(resource=Resource.create({"service.version": __version__, **named}))
    provider.add_span_processor(BatchSpanProcessor(ScrubbingExporter(OTLPSpanExporter())))
    trace.set_tracer_provider(provider)
    try:
        # Not the SDK's newer plugin, which it calls experimental.
        yield (TracingInterceptor(provider.get_tracer("audioprep.temporal.connection")),)
    finally:
        await _bounded(provider.shutdown)


async def _bounded(send_the_rest: Callable[[], None]) -> None:
    """In a daemon thread, for the SDK would wait for half a minute, and so would whoever waits for its thread."""
    sender = threading.Thread(target=send_the_rest, name="last spans", daemon=True)
    sender.start()
    await asyncio.to_thread(sender.join, _LAST_SEND)
