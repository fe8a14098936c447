"""ffprobe is asked once per object, and again when the object was replaced."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from audioprep.activities.probe_memory import ProbeMemory
from audioprep.activities.storage import StoredObject
from audioprep.jobs.errors import PermanentError
from tests.support.audio import make_audio

OLD = StoredObject("assets/a/original.wav", 1, "v1", datetime(2026, 1, 31, tzinfo=UTC))
NEW = StoredObject("assets/a/original.wav", 1, "v2", datetime(2026, 1, 31, tzinfo=UTC))


async def test_an_object_is_probed_once_and_its_replacement_anew(tmp_path: Path) -> None:
    memory, path = ProbeMemory(), make_audio(tmp_path / "a.wav", 1, "-ar", "8000")
    first = await memory.of(OLD, path, tmp_path)

    make_audio(path, 1, "-ar", "16000")

    assert await memory.of(OLD, path, tmp_path) == first
    assert (first.sample_rate, (await memory.of(NEW, path, tmp_path)).sample_rate) == (8000, 16000)


async def test_a_failure_is_not_remembered(tmp_path: Path) -> None:
    memory, path = ProbeMemory(), tmp_path / "a.wav"
    path.write_bytes(b"no sound")

    with pytest.raises(PermanentError):
        await memory.of(OLD, path, tmp_path)
    make_audio(path, 1)

    assert (await memory.of(OLD, path, tmp_path)).channels == 1
