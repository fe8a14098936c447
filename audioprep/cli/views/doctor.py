"""Report of `doctor` on a job and on a deployment, for people and for programs."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.markup import escape
from rich.table import Table

from audioprep.bridge.decide import DecideOptions
from audioprep.cli.console import out
from audioprep.cli.views.forecast import service_line
from audioprep.cli.views.joblist import age
from audioprep.cli.views.row import as_dict
from audioprep.diagnosis.job import Diagnosis, stage_of
from audioprep.diagnosis.overview import MAX_FAILED, Overview
from audioprep.diagnosis.problems import Evidence
from audioprep.diagnosis.story import step_name
from audioprep.jobs.timestamps import to_text

_LABEL = 12  # columns of a line's name


def print_job(evidence: Evidence, diagnosis: Diagnosis, now: datetime, rules: DecideOptions, link: str) -> None:
    """Row and workflow side by side, then what comes next."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("", "the row says", "Temporal says"):
        table.add_column(column, overflow="fold")
    for name, row, temporal in _sides(evidence, now, rules):
        if row or temporal:
            table.add_row(f"[dim]{name}[/]", escape(row), escape(temporal))
    out.print(table)
    _print_lines(
        [
            ("next", diagnosis.next),
            ("kind", diagnosis.kind or ""),
            ("whose move", diagnosis.mover),
            ("advice", diagnosis.advice),
            *(("to do", problem) for problem in diagnosis.problems),
            ("type", diagnosis.command),
            ("workflow", link),
        ]
    )


def print_overview(overview: Overview, problems: Sequence[str], now: datetime) -> None:
    """The state of the deployment, then what to do."""
    workers = "Temporal does not say" if overview.workers is None else ", ".join(overview.workers) or "none"
    more = "+" if len(overview.failed) == MAX_FAILED else ""
    kinds = ", ".join(f"{kind} {count}" for kind, count in overview.kinds.items())
    waiting = f"{overview.waiting}, oldest {age(overview.oldest, now)}" if overview.waiting else "0"
    _print_lines(
        [
            ("bridges", service_line(overview.service) if overview.service else "they do not report"),
            ("workers", workers),
            ("waiting", waiting),
            *(("paused", pause.sentence) for pause in overview.pauses),
            ("under way", str(sum(job.status.value != "pending" for job in overview.unfinished))),
            ("failed", f"{len(overview.failed)}{more} since yesterday{': ' if kinds else ''}{kinds}"),
            *(("to do", problem) for problem in problems),
        ]
    )
    if not problems:
        out.print(" all is well", style="green")


def overview_document(overview: Overview, problems: Sequence[str]) -> dict[str, Any]:
    """The same for programs."""
    service = overview.service
    return {
        "bridges": service.bridges if service else None,
        "lastReport": to_text(service.last_seen) if service and service.last_seen else None,
        "workers": list(overview.workers) if overview.workers is not None else None,
        "inFlight": service.in_flight if service else None,
        "slots": service.slots if service else None,
        "waiting": overview.waiting,
        "oldest": overview.oldest or None,
        "failedSinceYesterday": overview.kinds,
        "unserved": overview.unserved,
        "paused": [pause.scope for pause in overview.pauses],
        "toDo": list(problems),
    }


def _print_lines(lines: Iterable[tuple[str, str]]) -> None:
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, width=_LABEL)
    table.add_column(overflow="fold")
    for name, text in lines:
        style = "bold red" if name == "to do" else "dim"
        if text:
            table.add_row(f"[{style}]{name}[/]", escape(text))
    out.print(table)


def _sides(evidence: Evidence, now: datetime, rules: DecideOptions) -> list[tuple[str, str, str]]:
    """What to print: a fact's name, the row's word, Temporal's word."""
    job, execution = evidence.job, evidence.execution
    step = execution.steps[0] if execution and execution.steps else None
    stage, progress = stage_of(evidence, rules)
    beat = step.last_heartbeat if step else None
    status = execution.status if execution else "no answer" if evidence.seen is None else "no workflow"
    return [
        ("status", str(job.status), status),
        ("stage", job.stage or "", stage),
        ("progress", f"{job.progress:.0f} %", f"{progress:.0f} %" if stage else ""),
        ("step", "", step_name(step.name) + (" runs" if step.running else " waits") if step else ""),
        ("attempt", str(job.retry_count + 1), f"{step.attempt} of {step.max_attempts}" if step else ""),
        ("last sign", f"{age(job.updated_at, now)} ago", f"{age(to_text(beat), now)} ago" if beat else ""),
        ("failure", job.error or "", (step.failure or "") if step else ""),
        ("bridges", service_line(evidence.service) if evidence.service else "", ""),
        ("workers", "", ", ".join(evidence.workers) or "none"),
    ]


def job_document(evidence: Evidence, diagnosis: Diagnosis, rules: DecideOptions) -> dict[str, Any]:
    execution = evidence.execution
    stage, progress = stage_of(evidence, rules)
    steps = [
        {
            "name": step.name,
            "running": step.running,
            "attempt": step.attempt,
            "maxAttempts": step.max_attempts,
            "lastHeartbeat": to_text(step.last_heartbeat) if step.last_heartbeat else None,
            "lastFailure": step.failure,
        }
        for step in (execution.steps if execution else ())
    ]
    workflow = {"status": execution.status, "stage": stage or None, "progress": progress} if execution else None
    return {
        "row": as_dict(evidence.job),
        "workflow": workflow,
        "steps": steps,
        "workers": list(evidence.workers),
        "next": diagnosis.next,
        "kind": diagnosis.kind,
        "mover": diagnosis.mover.name.lower(),
        "command": diagnosis.command or None,
        "advice": diagnosis.advice or None,
        "toDo": list(diagnosis.problems),
    }
