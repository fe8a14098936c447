"""What the chaos did to the jobs: transitions, ends, runs, leftovers."""

from collections import Counter
from dataclasses import dataclass, field

from temporalio.client import Client

from audioprep.jobs.request import WORKFLOW_ID_PREFIX
from tests.chaos.system import System
from tests.support.webapp import FINAL, WebApp

LEGAL = {
    ("pending", "processing"),
    ("pending", "cancelled"),
    ("processing", "complete"),
    ("processing", "failed"),
    ("processing", "cancelled"),
}


@dataclass
class Account:
    """Every count but `jobs` and the ends should be 0."""

    jobs: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    wrong_ends: list[str] = field(default_factory=list)
    illegal: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    unacknowledged: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    scratch: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return [
            *self.wrong_ends,
            *self.illegal,
            *self.lost,
            *self.unacknowledged,
            *self.duplicates,
            *self.orphans,
            *self.scratch,
        ]

    def lines(self) -> list[tuple[str, str]]:
        ends = ", ".join(f"{count} {status}" for status, count in sorted(self.ends.items()))
        return [
            ("jobs", str(self.jobs)),
            ("ends", ends),
            ("wrong ends", str(len(self.wrong_ends))),
            ("illegal transitions", str(len(self.illegal))),
            ("lost jobs", str(len(self.lost))),
            ("cancels not acknowledged", str(len(self.unacknowledged))),
            ("duplicate runs", str(len(self.duplicates))),
            ("orphaned processes", str(len(self.orphans))),
            ("scratch left", str(len(self.scratch))),
        ]


async def account_for(system: System, expected: dict[str, str]) -> Account:
    """`expected` says how each job ends if nobody cancels it. Call when all is quiet and the roles are stopped."""
    account = Account(jobs=len(expected))
    app = system.deployment.app
    rows = {row["jobId"]: row for row in await app.sql("SELECT * FROM audio_prep_jobs")}
    for job_id, end in expected.items():
        _judge(account, job_id, rows.get(job_id), end)
    await _judge_transitions(account, app)
    client = await Client.connect(system.temporal_address)
    runs = Counter([run.id async for run in client.list_workflows() if run.id.startswith(WORKFLOW_ID_PREFIX)])
    account.duplicates = [f"{workflow_id} ran {count} times" for workflow_id, count in runs.items() if count > 1]
    account.orphans = system.children_left()
    account.scratch = [str(path) for path in system.scratch_left()]
    return account


def _judge(account: Account, job_id: str, row: dict[str, object] | None, end: str) -> None:
    if row is None or row["status"] not in FINAL:
        account.lost.append(f"{job_id} is {row and row['status']}")
        return
    account.ends[str(row["status"])] += 1
    if row["status"] not in (end, "cancelled"):
        account.wrong_ends.append(f"{job_id} is {row['status']}, not {end}: {row['error']}")
    if row["status"] == "cancelled" and row["stage"] is not None:
        account.unacknowledged.append(job_id)


async def _judge_transitions(account: Account, app: WebApp) -> None:
    last: dict[str, tuple[str, str | None]] = {}
    bars: dict[str, float] = {}
    for change in await app.sql("SELECT * FROM changes ORDER BY n"):
        job_id, status, stage = change["jobId"], change["status"], change["stage"]
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
