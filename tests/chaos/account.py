"""What the chaos did to the jobs: transitions, ends, runs, leftovers, and what one table's jobs did to another's."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from temporalio.client import Client, WorkflowExecution

from audioprep.jobs.request import WEBHOOK_ID_PREFIX, WORKFLOW_ID_PREFIX
from tests.chaos.system import System, Table
from tests.chaos.webhooks import HookSite
from tests.support.foreign import changed_foreign
from tests.support.webapp import FINAL, Row, WebApp

LEGAL: Final = {
    ("pending", "processing"),
    ("pending", "cancelled"),
    ("processing", "complete"),
    ("processing", "failed"),
    ("processing", "cancelled"),
}
COUNTED: Final = (
    "wrong ends",
    "illegal transitions",
    "lost jobs",
    "cancels not asked for",
    "cancels not acknowledged",
    "duplicate runs",
    "marks of another table",
    "files of another table",
    "foreign rows changed",
    "orphaned processes",
    "scratch left",
    "webhooks missing",
    "webhooks of no such end",
    "webhooks of a wrong id or secret",
)


@dataclass
class Asked:
    """A job as its app asked for it: how it ends if it is not cancelled, and the asset that its result then names."""

    end: str
    asset_id: str | None
    cancelled: bool = False


@dataclass
class Account:
    """`found` holds what went wrong, by what is counted."""

    jobs: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    found: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in COUNTED})

    @property
    def faults(self) -> list[str]:
        return [f"{name}: {fault}" for name, faults in self.found.items() for fault in faults]

    @property
    def illegal(self) -> list[str]:
        return self.found["illegal transitions"]

    def lines(self) -> list[tuple[str, str]]:
        ends = ", ".join(f"{count} {status}" for status, count in sorted(self.ends.items()))
        return [
            ("jobs", str(self.jobs)),
            ("ends", ends),
            *((name, str(len(faults))) for name, faults in self.found.items()),
        ]


async def account_for(
    system: System, asked: dict[str, dict[str, Asked]], hooks: HookSite, *, foreign: bool = False
) -> Account:
    """`asked` holds the jobs of each table by id. Call when all is quiet and the roles are stopped."""
    account = Account(jobs=sum(map(len, asked.values())))
    client = await Client.connect(system.temporal_address)
    listed = [run async for run in client.list_workflows()]
    ours = [run for run in listed if run.id.startswith(WORKFLOW_ID_PREFIX)]
    runs = [run for run in ours if not run.id.startswith(WEBHOOK_ID_PREFIX)]
    homes = {await table.deployment.app.table_id(): table for table in system.tables}
    for run in runs:
        await _judge_run(account, run, homes, asked)
    for workflow_id, count in Counter(run.id for run in runs).items():
        if count > 1:
            account.found["duplicate runs"].append(f"{workflow_id} ran {count} times")
    made: Counter[str] = Counter()
    for table in system.tables:
        await _judge_table(account, table, asked[table.name], made)
        if foreign and (changed := await changed_foreign(table.deployment.app)):
            account.found["foreign rows changed"].append(f"{changed} of {table.name}")
    twice = [f"asset {asset_id} was made by {count} jobs" for asset_id, count in made.items() if count > 1]
    account.found["marks of another table"] += twice
    account.found["files of another table"] = system.strangers(
        {table.name: await _assets(table.deployment.app) for table in system.tables}
    )
    account.found["orphaned processes"] = system.children_left()
    account.found["scratch left"] = [str(path) for path in system.scratch_left()]
    for table in system.tables:
        account.found["webhooks missing"] += await hooks.missing(table.deployment.app)
        account.found["webhooks of no such end"] += await hooks.wrong(table.deployment.app)
    account.found["webhooks of a wrong id or secret"] += hooks.ambiguous()
    return account


async def _assets(app: WebApp) -> set[str]:
    """Those that the table's ingests have made."""
    rows = await app.sql("SELECT result FROM audio_prep_jobs WHERE type = 'ingest' AND status = 'complete'")
    return {json.loads(row["result"])["assetId"] for row in rows}


async def _judge_run(
    account: Account, run: WorkflowExecution, homes: dict[str, Table], asked: dict[str, dict[str, Asked]]
) -> None:
    """A workflow belongs to the table that its memo names: by its id, and by a job that the table's app asked for."""
    memo = await run.memo()
    home, job_id = memo.get("home"), memo.get("jobId")
    if home not in homes or run.id != f"audioprep-{home}-{job_id}" or job_id not in asked[homes[home].name]:
        account.found["marks of another table"].append(f"workflow {run.id} of {home}, job {job_id}")


async def _judge_table(account: Account, table: Table, asked: dict[str, Asked], made: Counter[str]) -> None:
    app = table.deployment.app
    for job_id, job in asked.items():
        rows = await app.sql("SELECT * FROM audio_prep_jobs WHERE jobId = ?", job_id)
        _judge(account, f"{table.name} {job_id}", rows[0] if rows else None, job, made)
    await _judge_transitions(account, table.name, app)


def _judge(account: Account, name: str, row: Row | None, job: Asked, made: Counter[str]) -> None:
    if row is None or row["status"] not in FINAL:
        account.found["lost jobs"].append(f"{name} is {row and row['status']}")
        return
    account.ends[str(row["status"])] += 1
    if row["status"] not in (job.end, "cancelled"):
        account.found["wrong ends"].append(f"{name} is {row['status']}, not {job.end}: {row['error']}")
    if row["status"] == "cancelled" and not job.cancelled:
        account.found["cancels not asked for"].append(name)
    if row["status"] == "cancelled" and row["stage"] is not None:
        account.found["cancels not acknowledged"].append(name)
    if row["status"] == "complete":
        _judge_result(account, name, row["result"], job, made)


def _judge_result(account: Account, name: str, result: str, job: Asked, made: Counter[str]) -> None:
    """A render's keys are those of its own row's recipe; an ingest makes an asset that no other job makes."""
    if job.asset_id is None:
        made[json.loads(result)["assetId"]] += 1
    elif job.asset_id not in result:
        account.found["marks of another table"].append(f"{name} has the result {result}")


async def _judge_transitions(account: Account, table: str, app: WebApp) -> None:
    last: dict[str, tuple[str, str | None]] = {}
    bars: dict[str, float] = {}
    for change in await app.sql("SELECT * FROM changes ORDER BY n"):
        job_id, status, stage = f"{table} {change['jobId']}", change["status"], change["stage"]
        if status in ("processing", "complete"):
            if change["progress"] < bars.get(job_id, 0):
                account.illegal.append(f"{job_id}: progress {bars[job_id]} -> {change['progress']}")
            bars[job_id] = change["progress"]
        before = last.get(job_id)
        last[job_id] = (status, stage)
        if before is None or before[0] == status:
            reopened = before is not None and before[0] == "cancelled" and before[1] is None and stage is not None
            if reopened or (before and before[0] in ("complete", "failed")):
                account.illegal.append(f"{job_id}: {before} -> {(status, stage)}")
        elif (before[0], status) not in LEGAL:
            account.illegal.append(f"{job_id}: {before} -> {(status, stage)}")
