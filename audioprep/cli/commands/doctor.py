"""`doctor`: one job from both sides, and what comes next."""

from typing import TYPE_CHECKING, Any

import typer
from rich.markup import escape
from rich.table import Table

from audioprep.cli.console import EXIT_FAILED, out, print_json, read_settings, run
from audioprep.cli.options import AsJson, JobId
from audioprep.cli.table import open_client, open_table
from audioprep.cli.views.row import as_dict

if TYPE_CHECKING:
    from datetime import datetime

    from audioprep.bridge.decide import DecideOptions
    from audioprep.cli.views.diagnosis import Diagnosis, Evidence
    from audioprep.jobs.job import Job
    from audioprep.settings import Settings


def doctor(job_id: JobId, as_json: AsJson = False) -> None:
    """Put a job's row and its workflow side by side, and say what a bridge would do next.

    The exit code is 1 when a person has to do something; what, is printed last.
    """
    from audioprep.cli.views.diagnosis import diagnose
    from audioprep.jobs.timestamps import utc_now

    settings = read_settings()
    evidence = run(_gather(settings, job_id))
    now = utc_now()
    rules = _rules(settings)
    diagnosis = diagnose(evidence, now, rules)
    if as_json:
        print_json(_document(evidence, diagnosis, rules))
    else:
        _print(evidence, diagnosis, now, rules)
    if diagnosis.problems:
        raise typer.Exit(EXIT_FAILED)


async def _gather(settings: "Settings", job_id: str) -> "Evidence":
    from dataclasses import replace

    from audioprep.bridge.temporal.errors import TemporalUnavailable
    from audioprep.cli.views.diagnosis import Evidence
    from audioprep.jobs.timestamps import utc_now

    async with open_table(settings) as table:
        job = await table.find(job_id)
        in_flight = len((await table.rows.poll(utc_now(), capacity=0, with_processing=True)).processing)
        service = await table.service.read(utc_now())
    try:
        return replace(await _ask_temporal(settings, table.table_id, job, in_flight), service=service)
    except (TemporalUnavailable, RuntimeError) as error:
        return Evidence(job, None, None, (), in_flight, str(error).splitlines()[0][:200], service=service)


async def _ask_temporal(settings: "Settings", table_id: str, job: "Job", in_flight: int) -> "Evidence":
    from audioprep.bridge.temporal.executions import Executions
    from audioprep.bridge.temporal.inspection import Inspection
    from audioprep.cli.views.diagnosis import Evidence

    client = await open_client()
    inspection = Inspection(client, settings.temporal.task_queue, table_id)
    seen, unreadable = None, ""
    try:
        seen = await Executions(client, settings.temporal.task_queue, table_id).view(job.job_id)
    except (ValueError, LookupError) as error:  # no key for it, or not the right one
        unreadable = str(error).strip("'\"")
    return Evidence(
        job=job,
        seen=seen,
        execution=await inspection.execution(job.job_id),
        workers=await inspection.workers(),
        in_flight=in_flight,
        unreadable=unreadable,
    )


def _rules(settings: "Settings") -> "DecideOptions":
    from datetime import timedelta

    from audioprep.bridge.decide import DecideOptions
    from audioprep.bridge_options import bridge_options

    options = bridge_options(settings)
    return DecideOptions(options.types, options.limits, redrive_after=timedelta(seconds=options.redrive_after))


def _print(evidence: "Evidence", diagnosis: "Diagnosis", now: "datetime", rules: "DecideOptions") -> None:
    table = Table(box=None, header_style="bold", padding=(0, 3, 0, 1))
    for column in ("", "the row says", "Temporal says"):
        table.add_column(column, overflow="fold")
    for name, row, temporal in _sides(evidence, now, rules):
        if row or temporal:
            table.add_row(f"[dim]{name}[/]", escape(row), escape(temporal))
    out.print(table)
    out.print(f" next         {diagnosis.next}", markup=False, highlight=False, soft_wrap=True)
    for problem in diagnosis.problems:
        out.print(" [bold red]to do[/]        " + escape(problem), highlight=False, soft_wrap=True)


def _sides(evidence: "Evidence", now: "datetime", rules: "DecideOptions") -> list[tuple[str, str, str]]:
    """What to print: a fact's name, the row's word, Temporal's word."""
    from audioprep.cli.views.diagnosis import age_of, stage_of
    from audioprep.cli.views.forecast import service_line

    job, execution = evidence.job, evidence.execution
    step = execution.steps[0] if execution and execution.steps else None
    stage, progress = stage_of(evidence, rules)
    age = age_of(job, now)
    beat = (now - step.last_heartbeat).total_seconds() if step and step.last_heartbeat else None
    status = execution.status if execution else "no answer" if evidence.seen is None else "no workflow"
    return [
        ("status", str(job.status), status),
        ("stage", job.stage or "", stage),
        ("progress", f"{job.progress:.0f} %", f"{progress:.0f} %" if stage else ""),
        ("step", "", step.name + (" runs" if step.running else " waits") if step else ""),
        ("attempt", str(job.retry_count + 1), f"{step.attempt} of {step.max_attempts}" if step else ""),
        (
            "last sign",
            "" if age is None else f"{age.total_seconds():.1f} s ago",
            "" if beat is None else f"{beat:.1f} s ago",
        ),
        ("failure", job.error or "", (step.failure or "") if step else ""),
        ("bridges", service_line(evidence.service) if evidence.service else "", ""),
        ("workers", "", ", ".join(evidence.workers) or "none"),
    ]


def _document(evidence: "Evidence", diagnosis: "Diagnosis", rules: "DecideOptions") -> dict[str, Any]:
    from audioprep.cli.views.diagnosis import stage_of
    from audioprep.jobs.timestamps import to_text

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
        "toDo": list(diagnosis.problems),
    }
