"""What docs/job-contract.md gives to web apps is copied out of it, and run against the real thing."""

import asyncio
import json
import os
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from audioprep.bridge.database.pipeline_client import PipelineClient
from audioprep.bridge.store.queue.pauses import Pause, PauseTable
from audioprep.bridge.store.service import BridgeReport, ServiceTable
from audioprep.bridge.store.store import JobStore
from audioprep.jobs.timestamps import utc_now
from tests.conftest import TemporalServer
from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.documents import CONTRACT, snippets, statements
from tests.support.processes import ROOT
from tests.support.storage import local_place
from tests.support.waiting import eventually
from tests.support.webapp import now

METADATA = {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"}

# Two jobs, a little apart: the second has one ahead of it, and is cancelled; the first is polled to its end.
TYPESCRIPT = f"""
import {{ cancelJob, createJob, getJob, jobsAhead }} from "./jobs.ts";
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const first = await createJob("ingest", {json.dumps(METADATA)});
await pause(10);
const second = await createJob("ingest", {json.dumps(METADATA)});
const ahead = await jobsAhead(second);
const cancelled = [await cancelJob(second), await cancelJob(second)];
let job = await getJob(first);
while (job && ["pending", "processing"].includes(job.status)) {{ await pause(50); job = await getJob(first); }}
console.log(JSON.stringify({{ ahead, cancelled, nobody: await getJob("nobody"), job }}));
"""
# As many INSERTs as one app makes in a burst, while the bridge claims and ends the rows.
BURST = """
import { createJob } from "./jobs.ts";
const lost: string[] = [];
const metadata = { sourceType: "url" }; // no url: the bridge claims the row and fails it
for (let n = 0; n < 300; n++) {
  await createJob("ingest", metadata).catch((error) => lost.push(String(error)));
  await new Promise((done) => setTimeout(done, 10));
}
console.log(JSON.stringify({ lost }));
"""
PYTHON = f"""
import json, time
from jobs import cancel_job, create_job, get_job, jobs_ahead
first = create_job("ingest", {METADATA!r})
time.sleep(0.01)
second = create_job("ingest", {METADATA!r})
ahead = jobs_ahead(second)
cancelled = [cancel_job(second), cancel_job(second)]
while (job := get_job(first))["status"] in ("pending", "processing"):
    time.sleep(0.05)
print(json.dumps({{"ahead": ahead, "cancelled": cancelled, "nobody": get_job("nobody"), "job": job}}))
"""


async def test_the_contracts_snippets_create_poll_cancel_and_count(deployment: Deployment) -> None:
    await deployment.migrate()
    deployment.upload(make_audio(deployment.folder / "tone.mp3", 3), "uploads/tone.mp3")
    folder = _app(deployment)
    (folder / "main.mts").write_text(TYPESCRIPT)
    (folder / "jobs.py").write_text(*snippets(CONTRACT, "python"))
    (folder / "main.py").write_text(PYTHON)

    running = [
        asyncio.create_task(_run(deployment, folder, "node", "--import", "tsx", "main.mts")),
        asyncio.create_task(_run(deployment, folder, sys.executable, "main.py")),
    ]
    await _cancelled_both(deployment)
    deployment.start("serve")
    told = dict(zip(("typescript", "python"), await asyncio.gather(*running), strict=True))

    for language, said in told.items():
        assert said["ahead"] >= 1, language
        assert said["cancelled"] == [True, False], language
        assert said["nobody"] is None, language
        assert said["job"]["status"] == "complete", said
        assert said["job"]["result"]["metadata"]["codec"] == "mp3", language


async def test_no_insert_is_lost_on_a_file_while_the_bridge_works(
    tmp_path: Path, temporal_server: TemporalServer
) -> None:
    database = tmp_path / "jobs.db"
    deployment = Deployment(tmp_path, f"file:{database}", temporal_server.address, local_place(tmp_path / "storage"))
    await deployment.migrate()
    folder = _app(deployment)
    (folder / "main.mts").write_text(BURST)
    try:
        deployment.start("bridge", AUDIOPREP_MAX_IN_FLIGHT="16")
        told = await _run(deployment, folder, "node", "--import", "tsx", "main.mts")
        await eventually(lambda: _all_ended(database), within=60, what="every row has ended")
    finally:
        deployment.stop()

    assert told == {"lost": []}
    assert _count(database, "status = 'failed'") == 300


async def test_the_sql_of_the_contract_does_what_its_comments_say(sqld_url: str) -> None:
    ask, poll, cancel, ahead, forecast, paused, ahead_in_turn = statements("".join(snippets(CONTRACT, "sql")))
    async with PipelineClient(sqld_url) as database:
        await JobStore(database).migrate()
        for number, job_id in enumerate(("first", "second")):
            moment = f"2026-01-31T12:00:0{number}.000Z"
            await database.execute(ask, {"id": job_id, "type": "ingest", "metadata": "{}", "now": moment})
        place = await database.execute(ahead, {"id": "second"})
        for number, tenant in enumerate("AAB"):
            asked = {"id": f"of {tenant}{number}", "type": "ingest", "metadata": json.dumps({"tenant": tenant})}
            await database.execute(ask, {**asked, "now": f"2026-02-01T12:00:0{number}.000Z"})
        in_turn = [await database.execute(ahead_in_turn, {"id": f"of {job}"}) for job in ("A0", "A1", "B2")]
        changes = [(await database.execute(cancel, {"id": "second", "now": now()})).rows_affected for _ in range(2)]
        row = (await database.execute(poll, {"id": "second"})).rows[0]
        report = BridgeReport(workers=2, in_flight=0, slots=4, median_seconds={"ingest": 12.0})
        await ServiceTable(database).enter("bridge", report, utc_now(), timedelta(minutes=1))
        await PauseTable(database).add(Pause("type:save", "2999-01-01T00:00:00.000Z", "why", "me", now()))
        held = (await database.execute(paused, {"now": now()})).rows
        working = (await database.execute(forecast, {"id": "first", "now": now()})).rows[0]

    assert place.rows[0][0] == 1
    # `first` and `second` are the turns 1 and 2 of the rows without a tenant.
    assert [found.rows[0][0] for found in in_turn] == [1, 4, 2]
    assert changes == [1, 0]
    assert [found.astuple() for found in held] == [("type:save", "2999-01-01T00:00:00.000Z", "why")]
    assert working.astuple() == (1, 2, 12.0)
    assert row.astuple() == ("cancelled", None, 0.0, None, None)


def _app(deployment: Deployment) -> Path:
    """A folder with the contract's TypeScript in it."""
    folder = deployment.folder / "app"
    folder.mkdir()
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    (folder / "jobs.ts").write_text(*snippets(CONTRACT, "ts"))
    return folder


async def _all_ended(database: Path) -> bool:
    return _count(database, "status IN ('pending', 'processing')") == 0


def _count(database: Path, condition: str) -> int:
    with closing(sqlite3.connect(database, timeout=5)) as connection:
        row = connection.execute(f"SELECT COUNT(*) FROM audio_prep_jobs WHERE {condition}").fetchone()
    return int(row[0])


async def _cancelled_both(deployment: Deployment) -> None:
    """Until both programs have cancelled their second job: only then may anybody work."""

    async def check() -> bool:
        rows = await deployment.app.sql("SELECT COUNT(*) AS n FROM audio_prep_jobs WHERE status = 'cancelled'")
        return bool(rows[0]["n"] == 2)

    await eventually(check, within=60, what="two cancelled rows")


async def _run(deployment: Deployment, folder: Path, *argv: str) -> dict[str, Any]:
    """Run a program of a web app's; what it prints at its end."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=folder,
        env={**os.environ, "TURSO_DATABASE_URL": deployment.database_url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, err.decode()
    return dict(json.loads(out))
