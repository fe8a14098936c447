"""One flood, from empty servers to the account."""

import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.counters import counters
from benchmarks.stack import Stack, open_stack
from tests.flood.kinds import POISONS, ROUTED, insert
from tests.support.audio import make_audio
from tests.support.carried import CARRIED, carriers
from tests.support.health import Health, watching_health
from tests.support.pollers import until_polling
from tests.support.processes import free_ports, wait_for_http
from tests.support.waiting import eventually
from tests.support.webapp import WebApp

RED_AT_MOST = 10.0  # seconds
READ_PER_ROW = 40  # rows that the database may read for each row of the flood, at most
_GOOD = {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"}


@dataclass
class Outcome:
    """`faults` are rows that did not end as they must, each with what was wrong."""

    poisoned: int
    good: int
    seconds: float
    red: float
    read: int
    written: int
    good_after: float  # seconds until the last good row was complete
    faults: list[str] = field(default_factory=list)

    def lines(self) -> list[tuple[str, str]]:
        rows = self.poisoned + self.good
        return [
            ("rows", f"{self.poisoned} poisoned of {len(POISONS)} kinds, {self.good} good"),
            ("all ended after", f"{self.seconds:.1f} s, the good ones after {self.good_after:.1f} s"),
            ("longest time without green health", f"{self.red:.1f} s"),
            ("rows read for audioprep", f"{self.read:,}, {self.read / rows:.1f} for each row"),
            ("rows written for audioprep", f"{self.written:,}, {self.written / rows:.1f} for each row"),
            ("rows that ended wrongly", str(len(self.faults))),
        ]


async def run_flood(folder: Path, *, poisoned: int, good: int, within: float) -> Outcome:
    """A bridge and a worker with a user's defaults, rows inserted while they run, and how each ended."""
    async with open_stack(folder) as stack:
        ports = await _start_roles(stack)
        async with (
            carriers(stack.deployment.temporal_address, ROUTED),
            watching_health(f"http://127.0.0.1:{ports['bridge']}/healthz") as health,
        ):
            before, began = counters(stack.database_admin), time.monotonic()
            app = stack.deployment.app
            rows = await _insert(app, poisoned, good)
            good_after = await _until(app, "jobId LIKE 'good-%' AND status <> 'complete'", within)
            await _until(app, "status IN ('pending', 'processing')", max(within - good_after, 0.0))
            seconds, spent = time.monotonic() - began, counters(stack.database_admin) - before
            read, written = spent.read - app.rows_read, spent.written - app.rows_written
        outcome = Outcome(poisoned, good, seconds, health.longest, read, written, good_after)
        outcome.faults = [*await _judge(app, rows), *_judge_health(health)]
    return outcome


async def _start_roles(stack: Stack) -> dict[str, int]:
    """The HTTP ports of the roles, once both work."""
    deployment = stack.deployment
    deployment.extra |= {
        "AUDIOPREP_ROUTES": json.dumps({ROUTED: f"{CARRIED}@{ROUTED}"}),
        "AUDIOPREP_DOWNLOAD_INTERVAL": "0",
    }
    deployment.upload(make_audio(deployment.folder / "tone.mp3", 1), _GOOD["storageKey"])
    ports = dict(zip(("bridge", "worker"), free_ports(2), strict=True))
    roles = {role: deployment.start(role, AUDIOPREP_HTTP_PORT=str(port)) for role, port in ports.items()}
    wait_for_http(f"http://127.0.0.1:{ports['bridge']}/healthz", roles["bridge"])
    await until_polling(await stack.client(), deployment.task_queue, roles["worker"])
    return ports


async def _insert(app: WebApp, poisoned: int, good: int) -> dict[int, str]:
    """The rows, good ones spread among the poisoned; the rowids of these, and the name of each one's kind."""
    rows: dict[int, str] = {}
    inserted = 0
    for number, name in enumerate(islice(cycle(POISONS), poisoned), 1):
        rows[await insert(app, POISONS[name], number)] = name
        while inserted < number * good // poisoned:
            await app.submit("ingest", _GOOD, job_id=f"good-{inserted}")
            inserted += 1
    return rows


async def _until(app: WebApp, open_while: str, within: float) -> float:
    """Wait until no row meets the condition, or the time is up; the seconds that took. A question reads few rows."""
    began = time.monotonic()

    async def check() -> bool:
        return not await app.sql(f"SELECT 1 AS n FROM audio_prep_jobs WHERE {open_while} LIMIT 1")

    with suppress(AssertionError):  # the account says which rows are open
        await eventually(check, within=within)
    return time.monotonic() - began


async def _judge(app: WebApp, rows: dict[int, str]) -> list[str]:
    """What is wrong with the ends of the rows."""
    found = await app.sql("SELECT rowid AS n, status, error, result FROM audio_prep_jobs")
    faults = []
    for row in found:
        if row["n"] in rows:
            fault, name = _fault(row, POISONS[rows[row["n"]]].kind), rows[row["n"]]
        else:
            fault, name = None if row["status"] == "complete" else f"is {row['status']}: {row['error']}", "a good row"
        if fault:
            faults.append(f"{name}: {fault}")
    return faults


def _fault(row: dict[str, Any], kind: str) -> str | None:
    if row["status"] != "failed":
        return f"is {row['status']}"
    sentence = str(row["error"] or "")
    if not sentence.strip().endswith((".", "limit")) or len(sentence) > 2_000 or not sentence.isprintable():
        return f"has no sentence: {sentence[:200]!r}"
    facts = json.loads(row["result"])["error"]
    return None if facts["kind"] == kind else f"has the kind {facts['kind']}, not {kind}: {sentence[:200]}"


def _judge_health(health: Health) -> list[str]:
    return [] if health.longest <= RED_AT_MOST else [f"health was red for {health.longest:.1f} s: {health.said}"]
