"""Fuzz target of rows: whatever other programs wrote into the columns, each served row is claimed or failed."""

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st

from audioprep.bridge.database.database import open_database
from audioprep.bridge.store.store import JobStore
from audioprep.jobs.errors import FailedResult
from audioprep.jobs.registry import MAX_METADATA_BYTES
from tests.fuzz.target import Target

_AT: Final = "2026-03-01T10:00:00.000Z"
_POLLS: Final = 4  # one each for what is new, and for what a claim's answer was too odd to show
_COLUMNS: Final = ("jobId", "progress", "stage", "metadata", "result", "error", "retryCount", "createdAt", "updatedAt")
_NULLABLE: Final = frozenset({"stage", "result", "error"})
_ORDINARY: Final[dict[str, Any]] = {
    "progress": 0,
    "stage": None,
    "metadata": "{}",
    "result": None,
    "error": None,
    "retryCount": 0,
    "createdAt": _AT,
    "updatedAt": _AT,
}
_BYTES: Final = st.binary(max_size=30) | st.sampled_from([b"", b"\x00", b"\xff\xfe", b"x" * 201, b"\xed\xa0\x80", b"1"])
_VALUE: Final = (
    st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"), max_size=30)
    | _BYTES
    | _BYTES.map(lambda data: ("text", data))  # text that need not be UTF-8
    | st.sampled_from(["x" * (MAX_METADATA_BYTES + 1), "x" * 40_000, "é" * 200, "9" * 400])
)
_ODD: Final = st.fixed_dictionaries(
    {"jobId": _VALUE}, optional={name: _VALUE | st.none() if name in _NULLABLE else _VALUE for name in _COLUMNS[1:]}
) | st.fixed_dictionaries({"jobId": st.just("odd")}, optional=dict.fromkeys(_COLUMNS[1:], _VALUE))


def _rows(odd: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_polled(Path(folder) / "jobs.db", odd))


async def _polled(path: Path, odd: dict[str, Any]) -> None:
    """The odd row becomes a job or fails with a sentence; the one beside it is claimed; another program's stays."""
    async with open_database(f"file:{path}") as database:
        store = JobStore(database, ["ingest"])
        await store.migrate()
        with closing(sqlite3.connect(path)) as other:
            _insert(other, "ingest", odd)
            _insert(other, "ingest", {"jobId": "a good one"})
            _insert(other, "publish", {**odd, "jobId": "another program's"})
            other.commit()
            foreign = _foreign(other)

        claimed = {job.job_id for _ in range(_POLLS) for job in (await _poll(store)).claimed}

        with closing(sqlite3.connect(path)) as other:
            assert _foreign(other) == foreign
            rows = other.execute("SELECT status, error, result FROM audio_prep_jobs WHERE type = 'ingest'").fetchall()
    assert "a good one" in claimed
    assert len(claimed) + sum(status == b"failed" for status, _, _ in rows) == 2
    for status, error, result in rows:
        assert status in (b"processing", b"failed")
        if status == b"failed":
            assert error.decode().isprintable()
            assert FailedResult.model_validate_json(result).error.kind


async def _poll(store: JobStore) -> Any:
    return await store.poll(datetime.now(UTC), capacity=9, with_processing=True)


def _insert(other: sqlite3.Connection, kind: str, odd: dict[str, Any]) -> None:
    row = {**_ORDINARY, **odd}
    marks = ["CAST(? AS TEXT)" if isinstance(row[name], tuple) else "?" for name in _COLUMNS]
    values = [row[name][1] if isinstance(row[name], tuple) else row[name] for name in _COLUMNS]
    other.execute(
        f"INSERT INTO audio_prep_jobs (type, status, {', '.join(_COLUMNS)}) VALUES (?, 'pending', {', '.join(marks)})",
        [kind, *values],
    )


def _foreign(other: sqlite3.Connection) -> list[tuple[Any, ...]]:
    other.text_factory = bytes  # text need not be UTF-8
    return other.execute("SELECT * FROM audio_prep_jobs WHERE type = 'publish'").fetchall()


ROW_TARGETS: Final = (Target("rows", _ODD, _rows),)
