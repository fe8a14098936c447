"""Traces: only when they are asked for, and without secrets."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode

from audioprep.settings.service import TracingSettings
from audioprep.telemetry.tracing import ScrubbingExporter

SECRET = "hush-7c1e"  # noqa: S105 - made up


def test_no_secret_leaves_in_a_span() -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(ScrubbingExporter(kept)))
    tracer = provider.get_tracer("test")
    url = f"https://user:{SECRET}@example.com/a.mp3?signature={SECRET}"

    with tracer.start_as_current_span(f"GET {url}", attributes={"url": url, "n": 1}) as span:
        span.record_exception(ValueError(url))
        span.set_status(Status(StatusCode.ERROR, url))

    (sent,) = kept.get_finished_spans()
    assert SECRET not in sent.to_json()
    assert "example.com/a.mp3" in str(sent.attributes)
    assert (sent.attributes or {})["n"] == 1
    assert sent.events[0].name == "exception"
    assert sent.status.status_code is StatusCode.ERROR


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_the_standard_variables_switch_traces(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], wanted: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert TracingSettings().wanted is wanted
