"""Metrics of Temporal's SDK, and of activities through its meter, for `/metrics`.

The SDK could serve Prometheus itself, but on a port of its own: here one address has all numbers of a process.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from temporalio.runtime import (
    BUFFERED_METRIC_KIND_COUNTER,
    BUFFERED_METRIC_KIND_HISTOGRAM,
    BufferedMetric,
    BufferedMetricUpdate,
    MetricBuffer,
    MetricBufferDurationFormat,
    Runtime,
    TelemetryConfig,
)

from audioprep.telemetry.sdk_logs import sdk_logging

_BUFFERED: Final = 50_000  # updates kept between two drains, far above what a busy second brings
_DRAIN_INTERVAL: Final = 1.0  # seconds
_INTERNAL_QUEUE: Final = "temporal-sys/"  # named anew by every process: as labels they would pile up
_DROPPED_LABELS: Final = ("service_name",)  # the same on every series
# Seconds; every histogram there is counts them. From a local call to the longest job.
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)

_Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Histogram:
    """`counts` by bucket, the last one for all that is larger."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(_BUCKETS) + 1))
    total: float = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(_BUCKETS, value)] += 1
        self.total += value


class SdkMetrics(Collector):
    """Give `runtime` to the clients of this process. `run_once` must be called often: see MetricBuffer."""

    name = "metrics"

    def __init__(self) -> None:
        self._buffer = MetricBuffer(_BUFFERED, MetricBufferDurationFormat.SECONDS)
        self.runtime = Runtime(telemetry=TelemetryConfig(logging=sdk_logging(), metrics=self._buffer))
        self._described: dict[str, BufferedMetric] = {}
        self._values: dict[str, dict[_Labels, float]] = {}
        self._histograms: dict[str, dict[_Labels, _Histogram]] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def interval(self) -> float:
        return _DRAIN_INTERVAL

    async def run_once(self) -> None:
        self._drain()

    async def text(self) -> bytes:
        """All of it in Prometheus' text format, with what the system says of this process."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        self._drain()
        yield from (self._simple(name) for name in self._values)
        yield from (self._distribution(name) for name in self._histograms)

    def describe(self) -> Iterable[Metric]:
        """Nothing is known before it is counted."""
        return ()

    def _drain(self) -> None:
        for update in self._buffer.retrieve_updates():
            if not str(update.attributes.get("task_queue", "")).startswith(_INTERNAL_QUEUE):
                self._take(update)

    def _take(self, update: BufferedMetricUpdate) -> None:
        metric, labels = update.metric, _labels(update.attributes)
        self._described[metric.name] = metric
        if metric.kind == BUFFERED_METRIC_KIND_HISTOGRAM:
            series = self._histograms.setdefault(metric.name, {})
            series.setdefault(labels, _Histogram()).observe(update.value)
        else:
            values = self._values.setdefault(metric.name, {})
            before = values.get(labels, 0) if metric.kind == BUFFERED_METRIC_KIND_COUNTER else 0
            values[labels] = before + update.value

    def _simple(self, name: str) -> Metric:
        metric = self._described[name]
        counts = metric.kind == BUFFERED_METRIC_KIND_COUNTER
        family = Metric(name, metric.description or name, "counter" if counts else "gauge")
        for labels, value in self._values[name].items():
            family.add_sample(f"{name}_total" if counts else name, dict(labels), value)
        return family

    def _distribution(self, name: str) -> Metric:
        metric = self._described[name]
        name += "_seconds" if metric.unit == "s" else ""
        family = Metric(name, metric.description or name, "histogram")
        for labels, histogram in self._histograms[metric.name].items():
            bounds = [*map(str, _BUCKETS), "+Inf"]
            for bound, count in zip(bounds, accumulate(histogram.counts), strict=True):
                family.add_sample(f"{name}_bucket", {**dict(labels), "le": bound}, count)
            family.add_sample(f"{name}_count", dict(labels), sum(histogram.counts))
            family.add_sample(f"{name}_sum", dict(labels), histogram.total)
        return family


def _labels(attributes: Mapping[str, object]) -> _Labels:
    kept = ((name, value) for name, value in attributes.items() if name not in _DROPPED_LABELS)
    return tuple(sorted((name, str(value).lower() if isinstance(value, bool) else str(value)) for name, value in kept))
