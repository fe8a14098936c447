"""What is told of a child's run: a span in the job's trace, and numbers for Prometheus.

Never its command line, which holds URLs and names of files.
"""

from opentelemetry import trace
from opentelemetry.trace import Span, Status, StatusCode
from temporalio import activity

from audioprep.activities.process.outcome import ChildOutcome
from audioprep.jobs.request import job_id_of

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
