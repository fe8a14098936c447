"""A program that knows only the table: what a web app in any language would do, in plain SQL over HTTP."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import aiohttp

from tests.support.waiting import eventually

FINAL = ("complete", "failed", "cancelled")
Row = dict[str, Any]


class WebApp:
    """Speaks Hrana over HTTP by hand, so that nothing of ours stands between a test and the rows.

    `rows_read` and `rows_written` are what the server says of its own questions.
    """

    def __init__(self, url: str) -> None:
        self._url = f"{url}/v2/pipeline"
        self.rows_read = self.rows_written = 0

    async def sql(self, statement: str, *arguments: Any) -> list[Row]:
        execute = {"type": "execute", "stmt": {"sql": statement, "args": [_encode(a) for a in arguments]}}
        body = {"requests": [execute, {"type": "close"}]}
        async with aiohttp.ClientSession() as session, session.post(self._url, json=body) as response:
            answer = (await response.json())["results"][0]
        assert answer["type"] == "ok", answer
        result = answer["response"]["result"]
        self.rows_read += result.get("rows_read", 0)
        self.rows_written += result.get("rows_written", 0)
        names = [column["name"] for column in result["cols"]]
        return [dict(zip(names, map(_decode, row), strict=True)) for row in result["rows"]]

    async def submit(self, job_type: str, metadata: Any, *, job_id: str | None = None) -> str:
        """INSERT a pending row. `metadata` may be text, to write what no program should."""
        job_id = job_id or str(uuid.uuid4())
        text = metadata if isinstance(metadata, str) else json.dumps(metadata)
        await self.sql(
            "INSERT INTO audio_prep_jobs (jobId, type, status, metadata, createdAt, updatedAt)"
            " VALUES (?, ?, 'pending', ?, ?, ?)",
            *(job_id, job_type, text, now(), now()),
        )
        return job_id

    async def submit_cancelled(self, job_type: str) -> str:
        """A row claimed by a bridge that crashed before it started anything, and cancelled since."""
        job_id = str(uuid.uuid4())
        await self.sql(
            "INSERT INTO audio_prep_jobs (jobId, type, status, stage, createdAt, updatedAt)"
            " VALUES (?, ?, 'cancelled', 'queued', ?, ?)",
            *(job_id, job_type, now(), now()),
        )
        return job_id

    async def row(self, job_id: str) -> Row:
        return (await self.sql("SELECT * FROM audio_prep_jobs WHERE jobId = ?", job_id))[0]

    async def table_id(self) -> str:
        """The table's identity, as audioprep keeps it beside the jobs."""
        rows = await self.sql("SELECT value FROM audio_prep_meta WHERE name = 'tableId'")
        return str(rows[0]["value"])

    async def workflow_id(self, job_id: str) -> str:
        """Of a job whose id needs no escaping."""
        return f"audioprep-{await self.table_id()}-{job_id}"

    async def cancel(self, job_id: str) -> None:
        await self.sql("UPDATE audio_prep_jobs SET status = 'cancelled', updatedAt = ? WHERE jobId = ?", now(), job_id)

    async def cancel_if_open(self, job_id: str) -> None:
        """As an app cancels that leaves final rows alone."""
        await self.sql(
            "UPDATE audio_prep_jobs SET status = 'cancelled', updatedAt = ?"
            " WHERE jobId = ? AND status IN ('pending', 'processing')",
            *(now(), job_id),
        )

    async def until(self, job_id: str, *statuses: str, stage: str | None = None, within: float = 60.0) -> Row:
        """The row once it has one of the statuses, and the stage if one is named."""

        async def check() -> Row | None:
            row = await self.row(job_id)
            return row if row["status"] in statuses and stage in (None, row["stage"]) else None

        return await eventually(check, within=within, what=f"job {job_id} {'/'.join(statuses)} {stage or ''}")

    async def finished(self, job_id: str, within: float = 60.0) -> Row:
        return await self.until(job_id, *FINAL, within=within)

    async def acknowledged(self, job_id: str, within: float = 30.0) -> Row:
        async def check() -> Row | None:
            row = await self.row(job_id)
            return row if row["status"] == "cancelled" and row["stage"] is None else None

        return await eventually(check, within=within, what=f"acknowledged cancel of {job_id}")

    async def record_changes(self) -> None:
        """From now on a trigger writes down every state a row passes through, also those nobody polled."""
        await self.sql(
            "CREATE TABLE IF NOT EXISTS changes"
            " (n INTEGER PRIMARY KEY AUTOINCREMENT, jobId TEXT, status TEXT, stage TEXT, progress REAL, updatedAt TEXT)"
        )
        columns = "(jobId, status, stage, progress, updatedAt)"
        values = "(NEW.jobId, NEW.status, NEW.stage, NEW.progress, NEW.updatedAt)"
        for event in ("INSERT", "UPDATE"):
            await self.sql(
                f"CREATE TRIGGER IF NOT EXISTS on_{event.lower()} AFTER {event} ON audio_prep_jobs"
                f" BEGIN INSERT INTO changes {columns} VALUES {values}; END"
            )

    async def changes(self, job_id: str) -> list[Row]:
        return await self.sql("SELECT * FROM changes WHERE jobId = ? ORDER BY n", job_id)

    async def path(self, job_id: str) -> list[tuple[str, str | None]]:
        """The (status, stage) pairs a row passed through, each once in a row."""
        path: list[tuple[str, str | None]] = []
        for change in await self.changes(job_id):
            step = (change["status"], change["stage"])
            if not path or path[-1] != step:
                path.append(step)
        return path


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _encode(value: Any) -> dict[str, Any]:
    if value is None:
        return {"type": "null"}
    if isinstance(value, int):
        return {"type": "integer", "value": str(value)}
    if isinstance(value, float):
        return {"type": "float", "value": value}
    return {"type": "text", "value": value}


def _decode(cell: dict[str, Any]) -> Any:
    kinds = {"null": lambda _: None, "integer": int, "float": float, "text": str}
    return kinds[cell["type"]](cell.get("value"))
