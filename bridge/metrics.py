"""Prometheus metrics of a bridge: counters kept as things happen, gauges read at a scrape."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from math import nan
from typing import Final, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

from audioprep.bridge.actions import Abandon, AcknowledgeCancel, Complete, Fail, Reap, RecordCancel
from audioprep.bridge.database.pipeline_client import RowCounts
from audioprep.bridge.store.queue.circuit import SOURCES
from audioprep.bridge.views import Missing, WorkflowView
from audioprep.jobs.errors import ErrorKind
from audioprep.jobs.job import Job
from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.status import FINAL_STATUSES
from audioprep.jobs.timestamps import from_text
from audioprep.service.health import Health

MAX_PENDING: Final = 1000  # rows counted: a scrape of a long queue must not cost more than this
_CLAIM_BUCKETS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)
_LAG_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0)
BREAKER_EVENTS: Final = ("opened", "renewed", "lifted")
_OTHER: Final = "other"  # a type that is not served: its text is not a label

End: TypeAlias = Complete | Fail | Reap | Abandon | RecordCancel | AcknowledgeCancel


class Metrics:
    """One bridge's own registry, so that several bridges in one process do not mix."""

    def __init__(self, job_types: Iterable[str] = JOB_TYPES.names) -> None:
        self._types = frozenset(job_types)
        self._registry = CollectorRegistry()
        self._counted = RowCounts()
        self._add_counters(self._registry)
        self._add_gauges(self._registry)
        self._begin_at_zero()

    def _add_counters(self, registry: CollectorRegistry) -> None:
        self._ended = Counter(
            "audioprep_jobs_ended", "Jobs whose end this bridge wrote", ["type", "outcome", "kind"], registry=registry
        )
        self._claims = Histogram(
            "audioprep_claim_latency_seconds",
            "From a row's INSERT to its claim by this bridge",
            ["type"],
            buckets=_CLAIM_BUCKETS,
            registry=registry,
        )
        self._lag = Histogram(
            "audioprep_sync_lag_seconds",
            "From a workflow's new stage or end, by Temporal's clock, to its being in the row",
            ["what"],
            buckets=_LAG_BUCKETS,
            registry=registry,
        )
        self._pruned = Counter(
            "audioprep_pruned_rows", "Finished rows this bridge deleted by age", ["status"], registry=registry
        )
        self._breaker = Counter(
            "audioprep_source_breaker",
            "Pauses of a source by the breaker: opened, renewed after a row was refused, lifted",
            ["source", "event"],
            registry=registry,
        )
        self._rows = Counter(
            "audioprep_database_rows", "Rows the server read and wrote for this bridge", ["what"], registry=registry
        )

    def _add_gauges(self, registry: CollectorRegistry) -> None:
        self._pending = _gauge(
            registry, "audioprep_jobs_pending", "Rows that wait to be claimed; at most 1000 of a type"
        )
        self._unserved = _gauge(
            registry,
            "audioprep_unserved_pending",
            "Rows that wait and are of a type that this bridge does not serve; counted up to 100 for each type",
        )
        self._oldest = _gauge(registry, "audioprep_oldest_pending_seconds", "Age of the row that waits longest")
        self._in_flight = _gauge(registry, "audioprep_jobs_in_flight", "Jobs in this bridge's care that are not final")
        self._healthy = _gauge(registry, "audioprep_bridge_healthy", "1 while the bridge does its work, as in /healthz")
        self._workers = _gauge(registry, "audioprep_workers", "Workers that asked for work in the last two minutes")
        self._last_run = _gauge(
            registry, "audioprep_bridge_last_run_seconds", "Since a service's last run that succeeded", "service"
        )
        self._databases = _gauge(
            registry, "audioprep_databases", "Databases of this bridge's list that are in its shard"
        )
        self._away = _gauge(registry, "audioprep_databases_away", "Those of them that are not served at the moment")

    def claimed(self, jobs: Iterable[Job], now: datetime) -> None:
        """Rows were taken from the queue."""
        for job in jobs:
            self._claims.labels(self._type(job.type)).observe(_age(job.created_at, now))

    def wrote_stage(self, seen: WorkflowView, now: datetime) -> None:
        self._wrote("stage", seen, now)

    def wrote_end(self, seen: WorkflowView, now: datetime) -> None:
        self._wrote("end", seen, now)

    def ended(self, job_type: str, action: End) -> None:
        """A job's end was written."""
        self._ended.labels(self._type(job_type), *_outcome(action)).inc()

    def refused(self, job_type: str, kind: str) -> None:
        """A job failed before anything ran for it."""
        self._ended.labels(self._type(job_type), "failed", kind).inc()

    def superseded(self, job_types: Iterable[str]) -> None:
        """Jobs that a newer one took the place of before anything ran for them."""
        for job_type in job_types:
            self._ended.labels(self._type(job_type), "cancelled", ErrorKind.SUPERSEDED).inc()

    def pruned(self, status: str, rows: int) -> None:
        """Rows were deleted past their retention."""
        self._pruned.labels(status).inc(rows)

    def breaker_moved(self, source: str, event: str) -> None:
        """A source was paused by itself, again, or no longer: one of BREAKER_EVENTS."""
        self._breaker.labels(source, event).inc()

    def saw_queue(self, queue: tuple[int, str] | None, now: datetime) -> None:
        """How many rows wait and when the oldest was made, empty if none does; None while the database does not say."""
        count, oldest = queue or (nan, "")
        self._pending.set(count)
        self._oldest.set(nan if queue is None else _age(oldest, now))

    def saw_unserved(self, counts: Mapping[str, int] | None) -> None:
        """Pending rows by type that is not served; None while the database does not say."""
        self._unserved.set(nan if counts is None else sum(counts.values()))

    def saw_workers(self, workers: int | None) -> None:
        """None while Temporal does not say."""
        self._workers.set(nan if workers is None else workers)

    def saw_bridge(self, *, in_flight: int, health: Health) -> None:
        self._in_flight.set(in_flight)
        self._healthy.set(not health.problems())
        for service, seconds in health.since_success().items():
            self._last_run.labels(service).set(seconds)

    def saw_databases(self, served: int, away: int) -> None:
        """Of a bridge with many."""
        self._databases.set(served)
        self._away.set(away)

    def saw_rows(self, rows: RowCounts | None) -> None:
        """All rows so far; None where they are not counted."""
        if rows is not None:
            self._rows.labels("read").inc(rows.read - self._counted.read)
            self._rows.labels("written").inc(rows.written - self._counted.written)
            self._counted = replace(rows)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)

    def _wrote(self, what: str, seen: WorkflowView, now: datetime) -> None:
        if not isinstance(seen, Missing) and seen.since is not None:
            self._lag.labels(what).observe(max((now - seen.since).total_seconds(), 0))

    def _type(self, name: str) -> str:
        return name if name in self._types else _OTHER

    def _begin_at_zero(self) -> None:
        """A counter that appears with its first event shows Prometheus no increase."""
        for job_type in self._types:
            self._claims.labels(job_type)
            for outcome, kinds in (
                ("complete", [""]),
                ("cancelled", ["", ErrorKind.SUPERSEDED]),
                ("failed", [kind for kind in ErrorKind if kind is not ErrorKind.SUPERSEDED]),
            ):
                for kind in kinds:
                    self._ended.labels(job_type, outcome, str(kind))
        for source in SOURCES:
            for event in BREAKER_EVENTS:
                self._breaker.labels(source, event)
        for what in ("stage", "end"):
            self._lag.labels(what)
        for status in FINAL_STATUSES:
            self._pruned.labels(status.value)


def _gauge(registry: CollectorRegistry, name: str, meaning: str, *labels: str) -> Gauge:
    return Gauge(name, meaning, labels, registry=registry)


def _outcome(action: End) -> tuple[str, str]:
    """The row's last status, and the kind of error if there is one."""
    match action:
        case Complete():
            return "complete", ""
        case Fail(kind=kind) | Abandon(kind=kind):
            return "failed", kind
        case Reap():
            return "failed", ErrorKind.LOST
        case RecordCancel() | AcknowledgeCancel():
            return "cancelled", ""


def _age(created_at: str, now: datetime) -> float:
    """Seconds; 0 for a time that cannot be read."""
    try:
        return max((now - from_text(created_at)).total_seconds(), 0)
    except ValueError:
        return 0
