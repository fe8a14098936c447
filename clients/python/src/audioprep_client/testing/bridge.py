"""The fake bridge on a connection of an app's test: `step` by hand, or in a thread of its own."""

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from audioprep_client.database import Connection, change, rows
from audioprep_client.generated import JOB_TYPES
from audioprep_client.testing.results import FakeResults, refuse
from audioprep_client.testing.schema import SCHEMA, SUPERSEDED
from audioprep_client.testing.script import Failure, Script, beats, script_of

_BEAT: Final = 0.02  # seconds between two steps of the thread
_FAST: Final = Script()
_MARKS: Final = ", ".join("?" for _ in JOB_TYPES)
_CLAIM: Final = (
    "UPDATE audio_prep_jobs SET status = 'processing', stage = 'queued', progress = 0, updatedAt = ? WHERE rowid IN"
    f" (SELECT rowid FROM audio_prep_jobs WHERE status = 'pending' AND type IN ({_MARKS}) ORDER BY createdAt LIMIT ?)"
    " RETURNING jobId, type, metadata"
)
_SUPERSEDE: Final = """
UPDATE audio_prep_jobs AS older SET status = 'cancelled', error = ?, result = ?, updatedAt = ?
WHERE older.status IN ('pending', 'processing') AND json_valid(older.metadata) AND EXISTS (
  SELECT 1 FROM audio_prep_jobs AS newer
  WHERE newer.status = 'pending' AND newer.rowid > older.rowid AND json_valid(newer.metadata)
  AND json_extract(newer.metadata, '$.supersedes') = json_extract(older.metadata, '$.supersedes')
  AND json_extract(newer.metadata, '$.tenant') IS json_extract(older.metadata, '$.tenant')
)"""
_PROCESSING: Final = "WHERE jobId = ? AND status = 'processing'"


def migrate(connection: Connection) -> None:
    """Make the tables where they are missing."""
    for statement in SCHEMA:
        connection.execute(statement)
    connection.commit()


@dataclass
class _Running:
    job_id: str
    type: str
    metadata: dict[str, Any]
    script: Script
    left: list[tuple[str, int]]


class FakeBridge:
    """Plays a bridge on a database whose tables are there. Each `step` moves every job by one beat."""

    def __init__(self, connection: Connection, folder: Path, script: Script = _FAST, slots: int = 2) -> None:
        self._connection = connection
        self._results = FakeResults(folder)
        self._script = script
        self._slots = slots
        self._running: dict[str, _Running] = {}

    def step(self) -> None:
        """Cancel what is superseded, acknowledge cancels, claim what waits, move what runs."""
        change(self._connection, _SUPERSEDE, SUPERSEDED, Failure(SUPERSEDED, "Superseded", 0).result, _now())
        self._acknowledge()
        for job in list(self._running.values()):
            try:
                self._move(job)
            except Failure as failure:
                self._fail(job.job_id, failure)
        if (room := self._slots - len(self._running)) > 0:
            self._claim(room)

    def _claim(self, room: int) -> None:
        found = self._connection.execute(_CLAIM, (_now(), *JOB_TYPES, room)).fetchall()
        self._connection.commit()
        for job_id, job_type, text in found:
            try:
                metadata = _parsed(text, job_type)
                refuse(job_type, metadata)
            except Failure as failure:
                self._fail(job_id, failure)
                continue
            script = script_of(metadata, self._script)
            self._running[job_id] = _Running(job_id, job_type, metadata, script, beats(job_type, script))

    def _move(self, job: _Running) -> None:
        if job.left:
            stage, progress = job.left.pop(0)
            write = f"UPDATE audio_prep_jobs SET stage = ?, progress = ?, updatedAt = ? {_PROCESSING}"
            if not change(self._connection, write, stage, progress, _now(), job.job_id):
                self._running.pop(job.job_id, None)
        elif failure := job.script.failure:
            raise failure
        elif job.script.behaviour != "never-acknowledges":
            self._complete(job)

    def _complete(self, job: _Running) -> None:
        asset = str(uuid.uuid5(uuid.NAMESPACE_OID, job.job_id))
        result = json.dumps(self._results.make(job.type, job.metadata, asset), separators=(",", ":"))
        write = (
            "UPDATE audio_prep_jobs SET status = 'complete', stage = ?, progress = 100, result = ?, error = NULL,"
            f" updatedAt = ? {_PROCESSING}"
        )
        last = beats(job.type, Script())[-1][0]
        kept = change(self._connection, write, last, result, _now(), job.job_id)
        if not kept and job.type == "ingest":
            self._results.discard(asset)
        self._running.pop(job.job_id, None)

    def _fail(self, job_id: str, failure: Failure) -> None:
        write = f"UPDATE audio_prep_jobs SET status = 'failed', error = ?, result = ?, updatedAt = ? {_PROCESSING}"
        change(self._connection, write, str(failure), failure.result, _now(), job_id)
        self._running.pop(job_id, None)

    def _acknowledge(self) -> None:
        open_cancels = (
            "SELECT jobId, metadata FROM audio_prep_jobs"
            f" WHERE status = 'cancelled' AND stage IS NOT NULL AND type IN ({_MARKS})"
        )
        found = rows(self._connection, open_cancels, *JOB_TYPES)
        self._connection.commit()
        for job_id, text in found:
            self._running.pop(job_id, None)
            if _script_of(text, self._script).behaviour != "never-acknowledges":
                write = (
                    "UPDATE audio_prep_jobs SET stage = NULL, progress = 0, updatedAt = ?"
                    " WHERE jobId = ? AND status = 'cancelled' AND stage IS NOT NULL"
                )
                change(self._connection, write, _now(), job_id)


@contextmanager
def running_fake(
    connect: Callable[[], Connection],
    folder: Path,
    script: Script = _FAST,
    slots: int = 2,
) -> Iterator[None]:
    """A fake bridge in a thread, on a connection of its own, until the block ends."""
    stopping = threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            connection = connect()
            migrate(connection)
            bridge = FakeBridge(connection, folder, script, slots)
            while not stopping.wait(_BEAT):
                bridge.step()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, name="audioprep-fake", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(10)
    if failures:
        raise failures[0]


def _script_of(text: str, default: Script) -> Script:
    try:
        return script_of(_parsed(text, "ingest"), default)
    except Failure:
        return default


def _parsed(text: str, job_type: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Failure(f"The metadata of this {job_type} job is invalid: it is not valid JSON.", "InvalidPayload", 0)
    return document


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
