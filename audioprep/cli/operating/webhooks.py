"""`webhooks`: deliveries under way or failed, delivered again, and a test of the receiver."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from audioprep.cli.console import EXIT_USAGE, fail, out, print_json, read_settings, run, say
from audioprep.cli.options import AsJson, JobId
from audioprep.cli.table import link_when_claimed, open_client, open_table
from audioprep.cli.target import targeted
from audioprep.cli.views.row import linked

if TYPE_CHECKING:
    from collections.abc import Callable

    from audioprep.bridge.temporal.deliveries import Deliveries, DeliveryState
    from audioprep.settings import Settings

app = typer.Typer(help="Deliveries of webhooks: list, deliver again, try the receiver.", no_args_is_help=False)

_MAX_LISTED = 100


@app.callback(invoke_without_command=True)
@targeted
def webhooks(
    context: typer.Context,
    failed: Annotated[bool, typer.Option("--failed", help="Those that failed, instead of those under way.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the newest deliveries under way, or those that failed."""
    if context.invoked_subcommand is not None:
        return
    settings = read_settings()
    found, link = run(_listed(settings, failed=failed))
    if as_json:
        print_json([_as_dict(delivery) for delivery in found])
    elif found:
        out.print(_table(found, link, failed=failed))
    else:
        out.print("No delivery failed." if failed else "No delivery is under way.", highlight=False)


@app.command()
@targeted
def replay(job_id: JobId, as_json: AsJson = False) -> None:
    """Deliver the end of a job once more, with the same webhook id."""
    settings = read_settings()
    if settings.webhooks.url is None:
        fail("There is no AUDIOPREP_WEBHOOK_URL to deliver to.", EXIT_USAGE)
    webhook_id, started = run(_deliver_again(settings, job_id))
    if not started:
        fail(f"The webhook of job {job_id} is being delivered already; `audioprep webhooks` lists it.")
    if as_json:
        print_json({"webhookId": webhook_id})
    else:
        say(f"webhook {webhook_id} is being delivered")


@app.command("test")
@targeted
def try_receiver(
    url: Annotated[str | None, typer.Argument(help="Where to; AUDIOPREP_WEBHOOK_URL if absent.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send a signed event of the type webhook.test from this machine, once, and print the answer."""
    settings = read_settings()
    if not settings.webhooks.secrets:
        fail("There is no AUDIOPREP_WEBHOOK_SECRET to sign with.", EXIT_USAGE)
    webhook_id, status = run(_send_test(settings, url))
    if as_json:
        print_json({"webhookId": webhook_id, "status": status})
    else:
        say(f"accepted with HTTP {status}, webhook {webhook_id}")


async def _deliveries(settings: "Settings", table_id: str) -> "Deliveries":
    from audioprep.bridge.temporal.deliveries import Deliveries

    return Deliveries(await open_client(), settings.temporal.task_queue, table_id)


async def _listed(settings: "Settings", *, failed: bool) -> "tuple[list[DeliveryState], Callable[[str], str]]":
    """The deliveries, and where Temporal's UI shows the job of an id."""
    async with open_table(settings) as table:
        deliveries = await _deliveries(settings, table.table_id)
    link = partial(link_when_claimed, settings, table_id=table.table_id)
    return await deliveries.unfinished(_MAX_LISTED, failed=failed), link


async def _deliver_again(settings: "Settings", job_id: str) -> tuple[str, bool]:
    from audioprep.bridge.services.webhooks import delivery_of_row

    async with open_table(settings) as table:
        delivery = delivery_of_row(await table.find(job_id), table.table_id)
    deliveries = await _deliveries(settings, table.table_id)
    return delivery.webhook_id, await deliveries.start_again(delivery)


async def _send_test(settings: "Settings", url: str | None) -> tuple[str, int]:
    from audioprep.jobs.timestamps import utc_now
    from audioprep.jobs.webhooks.event import sample_event
    from audioprep.worker_resources import webhook_receiver

    receiver = webhook_receiver(settings, url)
    if receiver is None:
        raise ValueError("Name a URL, or set AUDIOPREP_WEBHOOK_URL.")
    webhook_id, event = sample_event(utc_now())
    return webhook_id, await receiver.post(webhook_id, event.to_body())


def _as_dict(delivery: "DeliveryState") -> dict[str, str | None]:
    return {
        "jobId": delivery.job_id,
        "type": delivery.event,
        "status": delivery.status,
        "started": delivery.started.isoformat(timespec="seconds"),
        "closed": delivery.closed.isoformat(timespec="seconds") if delivery.closed else None,
    }


def _table(found: "list[DeliveryState]", link: "Callable[[str], str]", *, failed: bool) -> Table:
    """Short ids and ages; only failed ones have an end."""
    from audioprep.cli.views.joblist import short_duration, short_ids
    from audioprep.jobs.timestamps import utc_now

    now, ids = utc_now(), short_ids([delivery.job_id for delivery in found])
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("job", "event", "status", "started", *(["ended"] if failed else [])):
        table.add_column(column, overflow="fold")
    for delivery in found:
        job = linked(ids[delivery.job_id], link(delivery.job_id))
        ages = [f"{short_duration(now - at)} ago" for at in (delivery.started, delivery.closed) if at]
        table.add_row(job, escape(delivery.event), escape(delivery.status), *ages)
    return table
