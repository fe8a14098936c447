"""Telemetry of a child process: its outcome, a span and Prometheus metrics."""

from enum import StrEnum

from opentelemetry import trace
from opentelemetry.trace import Span, Status, StatusCode
from temporalio import activity

from audioprep.jobs.request import job_id_of


class ChildOutcome(StrEnum):
    """In one word, for metrics and traces."""

    OK = "ok"  # exit code 0
    FAILED = "failed"  # another exit code
    KILLED = "killed"  # by a signal that was not ours: most often the kernel, out of memory
    LIMITED = "limited"  # it came to one of its limits
    STALLED = "stalled"  # we stopped it, for it showed no progress
    STOPPED = "stopped"  # we stopped it: a cancel, a time limit, a worker that shuts down, or it had said enough


def outcome_of(code: int, *, stopped: bool, stalled: bool, limited: bool) -> ChildOutcome:
    """`stopped` says that we ended it; why comes before how."""
    if stalled:
        return ChildOutcome.STALLED
    if limited:
        return ChildOutcome.LIMITED
    if stopped:
        return ChildOutcome.STOPPED
    if code < 0:
        return ChildOutcome.KILLED
    return ChildOutcome.FAILED if code else ChildOutcome.OK


_GOOD = (ChildOutcome.OK, ChildOutcome.STOPPED)
_tracer = trace.get_tracer("audioprep.child")


class ChildRecord:
    """One run. Outside of an activity there is nobody to count for, and without a tracer the span is an empty one."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._span: Span = _tracer.start_span(program, attributes={"process.executable.name": program})

    def ended(self, outcome: ChildOutcome, code: int, cpu_seconds: float) -> None:
        """Once, when the child is reaped."""
        self._trace(outcome, code, cpu_seconds)
        if activity.in_activity():
            self._count(outcome, cpu_seconds)

    def _trace(self, outcome: ChildOutcome, code: int, cpu_seconds: float) -> None:
        if activity.in_activity():
            self._span.set_attribute("audioprep.job.id", job_id_of(activity.info().workflow_id or ""))
        self._span.set_attributes(
            {
                "process.exit.code": code,
                "audioprep.child.outcome": outcome.value,
                "audioprep.child.cpu_seconds": cpu_seconds,
            }
        )
        if outcome not in _GOOD:
            self._span.set_status(Status(StatusCode.ERROR, f"{self._program}: {outcome}"))
        self._span.end()

    def _count(self, outcome: ChildOutcome, cpu_seconds: float) -> None:
        """Through the SDK's meter: it knows the task queue and the activity, and costs nothing while nobody asks."""
        meter = activity.metric_meter().with_additional_attributes({"program": self._program})
        runs = meter.create_counter("audioprep_child_runs", "Child processes that ended")
        cpu = meter.create_histogram_float("audioprep_child_cpu", "CPU time of one child process", "s")
        runs.add(1, {"outcome": outcome.value})
        cpu.record(cpu_seconds)
