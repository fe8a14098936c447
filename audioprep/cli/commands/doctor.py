"""`doctor`: one job from both sides, or the whole deployment, and what comes next."""

from typing import TYPE_CHECKING, Annotated

import typer

from audioprep.cli.completion import newest_ids
from audioprep.cli.console import EXIT_FAILED, print_json, read_settings, run
from audioprep.cli.options import AsJson
from audioprep.cli.table import link_to, open_client, open_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audioprep.bridge.decide import DecideOptions
    from audioprep.diagnosis.overview import Overview
    from audioprep.diagnosis.problems import Evidence
    from audioprep.settings import Settings


def doctor(
    job_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[JOB]",
            help="The job's id, its first characters (4 or more), or last; none: the whole deployment.",
            autocompletion=newest_ids,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is the matter with a job, whose move it is, and what to type next; without a job, with the deployment.

    Exit code 0: no operator has to act. 1: one has to; what, is printed last. 2: the command was typed wrongly.
    """
    settings = read_settings()
    problems = _of_deployment(settings, as_json) if job_id is None else _of_job(settings, job_id, as_json)
    if problems:
        raise typer.Exit(EXIT_FAILED)


def _of_deployment(settings: "Settings", as_json: bool) -> "Sequence[str]":
    from audioprep.cli.views.doctor import overview_document, print_overview
    from audioprep.diagnosis.overview import problems_of
    from audioprep.jobs.timestamps import utc_now

    overview, now = run(_overview(settings)), utc_now()
    problems = problems_of(overview, now)
    if as_json:
        print_json(overview_document(overview, problems))
    else:
        print_overview(overview, problems, now)
    return problems


def _of_job(settings: "Settings", job_id: str, as_json: bool) -> "Sequence[str]":
    from audioprep.cli.views.doctor import job_document, print_job
    from audioprep.diagnosis.job import diagnose
    from audioprep.jobs.timestamps import utc_now

    evidence, link = run(_gather(settings, job_id))
    now, rules = utc_now(), _rules(settings)
    diagnosis = diagnose(evidence, now, rules)
    if as_json:
        print_json({**job_document(evidence, diagnosis, rules), "link": link or None})
    else:
        print_job(evidence, diagnosis, now, rules, link)
    return diagnosis.problems


async def _overview(settings: "Settings") -> "Overview":
    from dataclasses import replace

    from audioprep.bridge.temporal.errors import TemporalUnavailable
    from audioprep.bridge.temporal.inspection import live_workers
    from audioprep.diagnosis.overview import read_overview
    from audioprep.jobs.timestamps import utc_now

    async with open_table(settings) as table:
        overview = await read_overview(table.rows, table.lists, table.service, table.pauses, utc_now())
    try:
        workers = await live_workers(await open_client(), settings.temporal.task_queue)
    except (TemporalUnavailable, RuntimeError) as error:
        return replace(overview, outage=str(error).splitlines()[0][:200])
    return replace(overview, workers=workers)


async def _gather(settings: "Settings", job_id: str) -> "tuple[Evidence, str]":
    """All that can be known of the job, and where Temporal's UI shows it."""
    from audioprep.diagnosis.evidence import gather_evidence

    queue = settings.temporal.task_queue
    async with open_table(settings) as table:
        job = await table.find(job_id)
        link = link_to(settings, job, table.table_id)
        tables = (table.rows, table.service, table.pauses)
        return await gather_evidence(open_client, queue, table.table_id, job, *tables), link


def _rules(settings: "Settings") -> "DecideOptions":
    from datetime import timedelta

    from audioprep.bridge.decide import DecideOptions
    from audioprep.bridge_options import bridge_options

    options = bridge_options(settings)
    return DecideOptions(options.types, options.limits, redrive_after=timedelta(seconds=options.redrive_after))
