"""The main job on the real parts: worker and bridge as processes, a web app that knows only the table."""

import json
import re
import struct
from pathlib import Path

import pytest

from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.proxy import turso_like_proxy
from tests.support.storage import StoragePlace

WHOLE_PATH = [
    ("pending", None),
    ("processing", "queued"),
    ("processing", "downloading"),
    ("processing", "analyzing"),
    ("processing", "finalizing"),
    ("complete", "finalizing"),
]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return make_audio(tmp_path / "tone.mp3", 12.5, "-ac", "2", "-ar", "44100")


@pytest.mark.usefixtures("storage_place")
async def test_a_row_inserted_by_plain_sql_becomes_an_asset(deployment: Deployment, recording: Path) -> None:
    await deployment.migrate()
    await deployment.app.record_changes()
    deployment.start("bridge")
    deployment.start("worker")
    key = deployment.upload(recording, "uploads/tone.mp3")

    job_id = await deployment.app.submit("ingest", {"sourceType": "audio_file", "storageKey": key})
    row = await deployment.app.finished(job_id)

    assert (row["status"], row["error"]) == ("complete", None)
    assert await deployment.app.path(job_id) == WHOLE_PATH
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["updatedAt"])
    _assert_contract(json.loads(row["result"]), deployment.place)


async def test_the_same_behind_a_proxy_without_v1_and_websockets(deployment: Deployment, recording: Path) -> None:
    async with turso_like_proxy(deployment.database_url) as (url, asked):
        await deployment.migrate()
        await deployment.app.record_changes()
        deployment.extra["TURSO_DATABASE_URL"] = url.replace("http:", "libsql:") + "?tls=0"
        deployment.start("bridge")
        deployment.start("worker")
        key = deployment.upload(recording, "uploads/tone.mp3")

        job_id = await deployment.app.submit("ingest", {"sourceType": "audio_file", "storageKey": key})
        row = await deployment.app.finished(job_id)

        assert row["status"] == "complete", row
        assert await deployment.app.path(job_id) == WHOLE_PATH
        assert set(asked) == {"/v2/pipeline"}


async def test_bad_rows_fail_with_one_sentence_and_good_ones_still_run(deployment: Deployment, recording: Path) -> None:
    await deployment.migrate()
    deployment.start("serve")
    app = deployment.app
    (deployment.folder / "noise.mp3").write_bytes(bytes(range(256)) * 40)
    noise = deployment.upload(deployment.folder / "noise.mp3", "uploads/noise.mp3")
    good = deployment.upload(recording, "uploads/tone.mp3")
    bad = {
        "malformed JSON": await app.submit("ingest", "{not json"),
        "invalid payload": await app.submit("ingest", {"sourceType": "carrier_pigeon"}),
        "no key": await app.submit("ingest", {"sourceType": "audio_file"}),
        "missing object": await app.submit("ingest", {"sourceType": "audio_file", "storageKey": "uploads/none.mp3"}),
        "no audio": await app.submit("ingest", {"sourceType": "audio_file", "storageKey": noise}),
    }

    foreign = await app.submit("transmogrify", {})
    later = await app.submit("ingest", {"sourceType": "audio_file", "storageKey": good})

    assert (await app.finished(later))["status"] == "complete"
    for case, job_id in bad.items():
        row = await app.finished(job_id)
        assert row["status"] == "failed", case
        assert 10 < len(row["error"]) < 300, (case, row["error"])
        assert "\n" not in row["error"], (case, row["error"])
        assert "Traceback" not in row["error"], (case, row["error"])
        assert set(json.loads(row["result"])["error"]) == {"kind", "retryable", "attempts"}, case
    assert (await app.row(foreign))["status"] == "pending"


def _assert_contract(result: dict[str, object], place: StoragePlace) -> None:
    """Result, storage keys and the form of `peaks.json`, exactly as the contract has them."""
    asset_id = result["assetId"]
    assert result["metadata"] == {
        "duration": pytest.approx(12.5, abs=0.05),
        "sampleRate": 44100,
        "channels": 2,
        "codec": "mp3",
        "format": "mp3",
        "originalFilename": "tone.mp3",
    }
    folder = f"assets/{asset_id}"
    names = {key.removeprefix(f"{folder}/") for key in place.stored() if key.startswith(folder)}
    assert names == {"original.mp3", "metadata.json", "peaks.json", "peaks.dat", "waveform.png"}
    described = json.loads(place.get(f"{folder}/metadata.json"))
    assert (described["assetId"], described["audio"]["duration"]) == (asset_id, result["metadata"]["duration"])
    assert place.get(f"{folder}/waveform.png").startswith(b"\x89PNG")
    peaks = json.loads(place.get(f"{folder}/peaks.json"))
    version, flags, rate, per_pixel, pixels, channels = struct.unpack_from("<6i", place.get(f"{folder}/peaks.dat"))
    assert (version, flags, rate, per_pixel, channels) == (2, 1, 44100, 256, 1)
    assert pixels == pytest.approx(12.5 * 44100 / 256, abs=20)
    assert len(peaks) == pytest.approx(12.5 * 50 * 2, abs=6)
    assert all(-1 <= low <= high <= 1 for low, high in zip(peaks[::2], peaks[1::2], strict=True))
