"""What the first web app expects of its worker, row by row and file by file, in eleven formats."""

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.support import app_schema
from tests.support.activities import clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.old_assets import container_says
from tests.support.site import open_site
from tests.support.webapp import Row

SECONDS = 3.0
VIDEO = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=3", "-map", "0:a", "-map", "1:v", "-c:a", "aac")
# By file name: what ffmpeg is asked for, the extension of the original, its type.
FORMATS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "cbr.mp3": (("-ac", "2", "-b:a", "128k"), "mp3", "audio/mpeg"),
    "vbr.mp3": (("-q:a", "4"), "mp3", "audio/mpeg"),
    "a.wav": (("-ac", "2"), "wav", "audio/wav"),
    "deep.wav": (("-c:a", "pcm_s24le", "-ar", "48000"), "wav", "audio/wav"),
    "a.flac": ((), "flac", "audio/flac"),
    "a.ogg": (("-c:a", "libvorbis"), "ogg", "audio/ogg"),
    "a.opus": (("-c:a", "libopus", "-ar", "48000"), "opus", "audio/ogg"),
    "a.webm": (("-c:a", "libopus", "-ar", "48000"), "webm", "audio/webm"),
    "a.m4a": (("-c:a", "aac"), "m4a", "audio/mp4"),
    "a.aac": (("-c:a", "aac"), "aac", "audio/aac"),
    "film.mp4": (VIDEO, "m4a", "audio/mp4"),
}


async def test_eleven_formats_are_described_as_the_app_expects(deployment: Deployment, tmp_path: Path) -> None:
    await deployment.migrate()
    deployment.start("serve")
    files = {name: make_audio(tmp_path / "made" / name, SECONDS, *FORMATS[name][0]) for name in FORMATS}
    jobs = {name: await _ingest(deployment, file) for name, file in files.items()}

    rows = {name: await deployment.app.finished(job_id, within=120) for name, job_id in jobs.items()}

    for name, row in rows.items():
        _check_row(row)
        result = json.loads(row["result"])
        app_schema.IngestResult.model_validate(result)
        _check_files(deployment, name, files[name], result)
    edits = {name: await _edit(deployment, json.loads(row["result"])) for name, row in rows.items()}
    for name, (recipe, preview_id, save_id) in edits.items():
        asset_id = recipe["assetId"]
        preview, save = await deployment.app.finished(preview_id), await deployment.app.finished(save_id)
        assert json.loads(preview["result"] or "{}") == {"previewKey": _preview_key(asset_id)}, (name, preview)
        extension = "m4a" if name.endswith("a") else "wav"
        key = f"assets/{asset_id}/prepared.{extension}"
        assert json.loads(save["result"] or "{}") == {"assetId": asset_id, "preparedKey": key}, (name, save)
        stored = {key for key in deployment.place.stored() if key.startswith(f"assets/{asset_id}/")}
        assert {_preview_key(asset_id), key, f"assets/{asset_id}/edits.json"} < stored, name
        assert json.loads(deployment.place.get(f"assets/{asset_id}/edits.json")) == recipe, name
        assert len([key for key in stored if "/prepared" in key]) == 1, name


async def test_queue_list_and_cancel_are_as_the_app_expects(deployment: Deployment, tmp_path: Path) -> None:
    app = deployment.app
    await deployment.migrate()
    key = deployment.upload(make_audio(tmp_path / "a.wav", 1), "uploads/a.wav")
    jobs = [await app.submit("ingest", {"sourceType": "audio_file", "storageKey": key}) for _ in range(3)]
    for second, job in enumerate(jobs):
        at = f"2026-01-31T12:00:0{second}.000Z"
        await app.sql("UPDATE audio_prep_jobs SET createdAt = ?, updatedAt = ? WHERE jobId = ?", at, at, job)
    ahead = "SELECT count(*) AS n FROM audio_prep_jobs WHERE status = 'pending' AND createdAt <"
    places = [await app.sql(f"{ahead} (SELECT createdAt FROM audio_prep_jobs WHERE jobId = ?)", job) for job in jobs]

    await app.cancel(jobs[1])
    deployment.start("serve")
    cancelled = await app.acknowledged(jobs[1])
    ended = [await app.finished(job) for job in jobs]

    assert [place[0]["n"] for place in places] == [0, 1, 2]
    assert (cancelled["stage"], cancelled["progress"], cancelled["result"], cancelled["error"]) == (None, 0, None, None)
    assert [row["status"] for row in ended] == ["complete", "cancelled", "complete"]
    newest = "SELECT jobId FROM audio_prep_jobs WHERE type = 'ingest' AND status = 'complete' ORDER BY createdAt DESC"
    assert [row["jobId"] for row in await app.sql(newest)] == [jobs[2], jobs[0]]
    assert len([key for key in deployment.place.stored() if key.endswith("metadata.json")]) == 2


async def test_provenance_names_a_remote_source_without_its_secrets(deployment: Deployment, tmp_path: Path) -> None:
    deployment.extra |= {"AUDIOPREP_ALLOW_PRIVATE_URLS": "1", "AUDIOPREP_YTDLP_HOSTS": "*"}
    await deployment.migrate()
    deployment.start("serve")
    make_audio(tmp_path / "site" / "tone.mp3", 1)
    async with open_site(tmp_path / "site") as site:
        attested = {"rightsAttested": True}
        url = {"sourceType": "url", "url": site.url("file/tone.mp3?id=7&token=hush"), **attested}
        at = "2026-01-31T13:00:00+01:00"
        video = {"sourceType": "youtube", "url": site.url("file/tone.mp3"), **attested, "rightsAttestedAt": at}
        jobs = [await deployment.app.submit("ingest", metadata) for metadata in (url, video)]
        rows = [await deployment.app.finished(job) for job in jobs]

    by_url, by_ytdlp = [_described(deployment, json.loads(row["result"])) for row in rows]
    assert by_url["provenance"] == {
        "sourceType": "url",
        "sourceUrl": site.url("file/tone.mp3?id=7"),
        "rightsAttestedAt": by_url["createdAt"],
        "originalFilename": "tone.mp3",
    }
    assert by_ytdlp["provenance"]["sourceVideoId"] == "tone"
    assert by_ytdlp["provenance"]["rightsAttestedAt"] == "2026-01-31T12:00:00.000Z"


async def _ingest(deployment: Deployment, file: Path) -> str:
    key = deployment.upload(file, f"uploads/{file.name}")
    source_type = "video_file" if file.suffix == ".mp4" else "audio_file"
    metadata = {"sourceType": source_type, "storageKey": key, "originalFilename": f"My {file.name}"}
    return await deployment.app.submit("ingest", metadata)


def _check_row(row: Row) -> None:
    assert (row["status"], row["progress"], row["error"]) == ("complete", 100, None), row
    assert isinstance(json.loads(row["metadata"]), dict)


def _described(deployment: Deployment, result: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(deployment.place.get(f"assets/{result['assetId']}/metadata.json"))
    app_schema.AssetMetadata.model_validate(described)
    return described


def _check_files(deployment: Deployment, name: str, file: Path, result: dict[str, Any]) -> None:
    described = _described(deployment, result)
    _, extension, content_type = FORMATS[name]
    folder = f"assets/{result['assetId']}"
    original = deployment.place.get(f"{folder}/original.{extension}")
    assert (result["originalKey"], result["contentType"]) == (f"{folder}/original.{extension}", content_type)
    assert (result["peaksKey"], result["waveformKey"]) == (f"{folder}/peaks.json", f"{folder}/waveform.png")
    assert (result["bytes"], result["bitrate"]) == (len(original), described["audio"]["bitrate"])
    said = container_says(deployment.fetched(result["originalKey"]))
    assert described["audio"].pop("duration") == result["metadata"].pop("duration")
    assert abs(said.pop("duration") - SECONDS) < 0.15
    assert described["audio"] == said, name
    assert result["metadata"].pop("originalFilename") == described["originalFilename"] == f"My {name}"
    assert result["metadata"] == {field: said[field] for field in result["metadata"]}
    assert described["sourceHash"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert described["assetId"] == result["assetId"]
    peaks = json.loads(deployment.place.get(result["peaksKey"]))
    assert abs(len(peaks) - 2 * 50 * SECONDS) <= 20, name


async def _edit(deployment: Deployment, result: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
    """A preview and a save of the whole asset, as the editor asks for them: the recipe, and the ids of the jobs."""
    asset_id = result["assetId"]
    duration = _described(deployment, result)["audio"]["duration"]
    form = "aac" if result["metadata"]["originalFilename"].endswith("a") else "wav"
    clip = clip_of(asset_id, 0, duration, volume=1, fadeIn=0, fadeOut=0)
    said = {"normalize": False, "outputFormat": form, "outputSampleRate": 44100}
    recipe = recipe_of(clip, asset_id=asset_id, **said)
    preview = await deployment.app.submit("preview", {"recipe": recipe, "recipeHash": _hash(asset_id)})
    return recipe, preview, await deployment.app.submit("save", {"recipe": recipe})


def _hash(asset_id: str) -> str:
    return hashlib.sha256(asset_id.encode()).hexdigest()[:16]


def _preview_key(asset_id: str) -> str:
    return f"assets/{asset_id}/preview_{_hash(asset_id)}.mp3"
