"""What Prometheus may know of a bridge: counters kept as things happen, gauges read when it asks."""

from dataclasses import replace
from datetime import datetime
from math import nan
from typing import TypeAlias

from libsql_client import Client
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from audioprep.bridge.actions import AcknowledgeCancel, Complete, Fail, Reap, RecordCancel
from audioprep.bridge.pipeline_client import PipelineClient, RowCounts
from audioprep.jobs.timestamps import from_text

CONTENT_TYPE = CONTENT_TYPE_LATEST
MAX_PENDING = 1000  # rows counted: a scrape of a long queue must not cost more than this

End: TypeAlias = Complete | Fail | Reap | RecordCancel | AcknowledgeCancel


class Metrics:
    """One bridge's own registry, so that several bridges in one process do not mix."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._ended = Counter(
            "audioprep_jobs_ended",
            "Jobs whose end this bridge wrote",
            ["type", "outcome", "kind"],
            registry=self._registry,
        )
        self._pending = self._gauge("audioprep_jobs_pending", "Rows that wait to be claimed; counted up to 1000")
        self._oldest = self._gauge("audioprep_oldest_pending_seconds", "Age of the row that waits longest")
        self._in_flight = self._gauge("audioprep_jobs_in_flight", "Jobs in this bridge's care that are not final")
        self._healthy = self._gauge("audioprep_bridge_healthy", "1 while /healthz says 200")
        self._rows = Counter(
            "audioprep_database_rows",
            "Rows the server read and wrote for this bridge",
            ["what"],
            registry=self._registry,
        )
        self._counted = RowCounts()

    def ended(self, job_type: str, action: End) -> None:
        """A job's end was written."""
        self._ended.labels(job_type, *_outcome(action)).inc()

    def refused(self, job_type: str, kind: str) -> None:
        """A job failed before anything ran for it."""
        self._ended.labels(job_type, "failed", kind).inc()

    def saw_queue(self, created: list[str] | None, now: datetime) -> None:
        """When the rows that wait were made, oldest first; None while the database does not say."""
        self._pending.set(nan if created is None else len(created))
        self._oldest.set(nan if created is None else _age(created[0], now) if created else 0)

    def saw_bridge(self, *, in_flight: int, healthy: bool) -> None:
        self._in_flight.set(in_flight)
        self._healthy.set(healthy)

    def saw_database(self, database: Client) -> None:
        """A database in a file does not count its rows."""
        if isinstance(database, PipelineClient):
            rows = database.rows
            self._rows.labels("read").inc(rows.read - self._counted.read)
            self._rows.labels("written").inc(rows.written - self._counted.written)
            self._counted = replace(rows)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(name, meaning, registry=self._registry)


def _outcome(action: End) -> tuple[str, str]:
    """The row's last status, and the kind of error if there is one."""
    match action:
        case Complete():
            return "complete", ""
        case Fail(_, kind):
            return "failed", kind
        case Reap():
            return "failed", "reaped"
        case RecordCancel() | AcknowledgeCancel():
            return "cancelled", ""


def _age(created_at: str, now: datetime) -> float:
    """Seconds; 0 for a time nobody can read."""
    try:
        return max((now - from_text(created_at)).total_seconds(), 0)
    except ValueError:
        return 0
