"""`cost`: what a month costs at Temporal Cloud, the database and the object storage, by the table's own history."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from audioprep.cli.console import out, print_json, read_settings, run, say
from audioprep.cli.options import AsJson
from audioprep.cli.table import open_table

if TYPE_CHECKING:
    from audioprep.bridge.store.usage import Usage
    from audioprep.cli.views.estimate import Deployment, Estimate
    from audioprep.settings import Settings

_NAMES = {
    "actions": "Temporal Cloud, Actions",
    "rowsRead": "database, rows read",
    "rowsWritten": "database, rows written",
    "table": "database, storage of a month's rows",
    "objects": "object storage of a month's originals",
}


def cost(
    days: Annotated[int, typer.Option(min=1, max=365, help="Days of history that are looked at.")] = 30,
    jobs: Annotated[int | None, typer.Option(min=1, help="Jobs a month, instead of the history's pace.")] = None,
    heartbeat: Annotated[
        float | None, typer.Option(min=0.1, max=5, help="Seconds between heartbeats, instead of the deployment's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Estimate a month's cost from the newest 10,000 rows. Prices are the settings AUDIOPREP_PRICE_*."""
    from audioprep.cli.views.estimate import estimate

    settings = read_settings()
    usage, span, deployment = run(_gather(settings, days, heartbeat))
    found = estimate(usage, span, deployment, jobs)
    if as_json:
        print_json(_document(found, deployment, span, settings))
    elif not usage.types:
        out.print("There is no job to estimate from; `audioprep cost --days 90` looks further back.", highlight=False)
    else:
        _print(found, deployment, usage, span, settings)


async def _gather(settings: "Settings", days: int, heartbeat: float | None) -> "tuple[Usage, float, Deployment]":
    """The history, the days that it covers, and what else the estimate needs."""
    from datetime import timedelta

    from audioprep.bridge.store.usage import read_usage
    from audioprep.cli.views.estimate import Deployment
    from audioprep.jobs.timestamps import utc_now

    now = utc_now()
    async with open_table(settings) as table:
        status = await table.service.read(now)
        usage = await read_usage(table.database, now - timedelta(days=days), table.rows.types)
    deployment = Deployment(
        heartbeat_interval=heartbeat or await _heartbeat_interval(settings),
        poll_interval=settings.bridge.poll_interval,
        liveness_interval=settings.bridge.liveness_interval,
        webhooks=settings.webhooks.url is not None,
        bridges=max(status.bridges, 1) if status else 1,
        medians=status.median_seconds if status else {},
    )
    return usage, (now - usage.since) / timedelta(days=1) if usage.since else float(days), deployment


async def _heartbeat_interval(settings: "Settings") -> float:
    """That of the workers; where Temporal cannot be asked, that of Temporal Cloud with worker commands."""
    from audioprep.heartbeat import CLOUD, heartbeat_interval
    from audioprep.temporal.connection import check_namespace, connect

    try:
        capabilities = await check_namespace(await connect())
    except RuntimeError:
        return settings.worker.heartbeat_interval or CLOUD
    # Of a server of one's own the bill is nothing: the question is what its jobs would cost on Temporal Cloud.
    return heartbeat_interval(
        settings.worker.heartbeat_interval, cloud=True, worker_commands=capabilities.worker_commands
    )


def _print(found: "Estimate", deployment: "Deployment", usage: "Usage", days: float, settings: "Settings") -> None:
    table = Table(box=None, header_style="bold")
    for column in ("type", "jobs a month", "seconds", "Actions a job"):
        table.add_column(column, justify="left" if column == "type" else "right")
    for each in found.types:
        actions = each.actions / each.jobs if each.jobs else 0.0
        table.add_row(escape(each.type), f"{each.jobs:,.0f}", f"{each.seconds:.1f}", f"{actions:.1f}")
    out.print(table)
    bill = Table(box=None, header_style="bold")
    for column in ("a month", "amount", "US dollars"):
        bill.add_column(column, justify="left" if column == "a month" else "right")
    dollars = found.dollars(settings.prices)
    for name, amount in _amounts(found).items():
        bill.add_row(_NAMES[name], amount, f"{dollars[name]:,.2f}")
    bill.add_row("together", "", f"{sum(dollars.values()):,.2f}")
    out.print(bill)
    for line in _notes(found, deployment, usage, days, dollars["actions"]):
        say(line, "dim")


def _amounts(found: "Estimate") -> dict[str, str]:
    return {
        "actions": f"{found.actions:,.0f}",
        "rowsRead": f"{found.rows_read:,.0f}",
        "rowsWritten": f"{found.rows_written:,.0f}",
        "table": f"{sum(each.table_gb for each in found.types):,.3f} GB",
        "objects": f"{sum(each.object_gb for each in found.types):,.3f} GB",
    }


def _notes(found: "Estimate", deployment: "Deployment", usage: "Usage", days: float, actions: float) -> list[str]:
    from audioprep.cli.views.estimate import FAIRNESS

    share = found.heartbeats / found.actions if found.actions else 0.0
    sample = "all rows" if usage.complete else f"the newest {usage.jobs:,} rows"
    measured = "as bridges measured them" if deployment.medians else "with the time that rows wait"
    more = f"{actions * FAIRNESS:,.2f}"
    return [
        f"From {sample} of {max(days, 0.0):.1f} days; seconds {measured}. Before what a plan includes.",
        f"Heartbeats every {deployment.heartbeat_interval:g} s are {share:.0%} of the Actions.",
        f"Fairness switched on for the namespace costs a tenth of an Action each: {more} dollars more.",
    ]


def _document(found: "Estimate", deployment: "Deployment", days: float, settings: "Settings") -> dict[str, Any]:
    from audioprep.cli.views.estimate import FAIRNESS

    dollars = {name: round(value, 4) for name, value in found.dollars(settings.prices).items()}
    return {
        "days": round(days, 2),
        "heartbeatInterval": deployment.heartbeat_interval,
        "types": [
            {
                "type": each.type,
                "jobs": round(each.jobs),
                "seconds": round(each.seconds, 1),
                "actions": round(each.actions),
            }
            for each in found.types
        ],
        "actions": round(found.actions),
        "heartbeats": round(found.heartbeats),
        "rowsRead": round(found.rows_read),
        "rowsWritten": round(found.rows_written),
        "dollars": {**dollars, "together": round(sum(dollars.values()), 4)},
        "fairnessDollars": round(dollars["actions"] * FAIRNESS, 4),
    }
