"""Sources from the web, on the real parts: every kind of answer a site may give, and the row that follows."""

import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.site import Site, open_site
from tests.support.waiting import eventually
from tests.support.webapp import Row

SECONDS = 12.5
LIMIT_MB = 0.5


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    folder = tmp_path / "site"
    make_audio(folder / "tone.mp3", SECONDS)
    make_audio(folder / "big.wav", SECONDS)  # 1.1 MB
    async with open_site(folder) as site:
        yield site


@pytest.fixture
def downloads(deployment: Deployment) -> Deployment:
    """A deployment that may fetch from this machine, with yt-dlp for any site."""
    deployment.extra |= {
        "AUDIOPREP_ALLOW_PRIVATE_URLS": "1",
        "AUDIOPREP_YTDLP_HOSTS": "*",
        "AUDIOPREP_MAX_FILE_MB": str(LIMIT_MB),
        "AUDIOPREP_MAX_IN_FLIGHT": "12",
        "AUDIOPREP_ATTEMPTS_INGEST": "2",
    }
    return deployment


async def test_what_ytdlp_meets_becomes_the_right_row(downloads: Deployment, site: Site) -> None:
    await downloads.migrate()
    await downloads.app.record_changes()
    downloads.start("serve")
    paths = {
        "plain": "file/tone.mp3",
        "redirect": "redirect/tone.mp3",
        "held": "held/tone.mp3",
        "not found": "status/404/a.mp3",
        "too many requests": "status/429/a.mp3",
        "flaky": "flaky/tone.mp3",
        "too large": "file/big.wav",
        "no media": "page/nothing",
    }

    jobs = {case: await _submit(downloads, "youtube", site.url(path)) for case, path in paths.items()}
    await _progress_was_seen(downloads, jobs["held"])
    site.released.set()
    rows = {case: await downloads.app.finished(job_id, within=90) for case, job_id in jobs.items()}

    for case in ("plain", "redirect", "held", "flaky"):
        _assert_tone(rows[case], "tone.mp3")
    _assert_failed(rows["not found"], "has no such file (HTTP 404)")
    _assert_failed(rows["too many requests"], "too many requests (HTTP 429)")
    _assert_failed(rows["too large"], f"larger than the limit of {LIMIT_MB} MB")
    _assert_failed(rows["no media"], "no recording that yt-dlp can find")
    assert site.hits["/status/429/a.mp3"] == 2 * site.hits["/status/404/a.mp3"]
    await _assert_progress_never_fell(downloads, jobs["held"])
    first, second, *_ = site.times("flaky/tone.mp3")
    assert second - first >= float(site.retry_after)


async def test_what_a_plain_download_meets_becomes_the_right_row(downloads: Deployment, site: Site) -> None:
    await downloads.migrate()
    await downloads.app.record_changes()
    downloads.start("serve")
    paths = {
        "plain": "file/tone.mp3",
        "redirect": "redirect/tone.mp3",
        "held": "held/tone.mp3",
        "flaky": "flaky/tone.mp3",
        "loop": "loop/0",
        "not found": "status/404",
        "gone": "status/410",
        "broken off": "cut/tone.mp3",
        "too large": "file/big.wav",
        "endless": "endless/big.wav",
        "page": "page/nothing",
    }

    jobs = {case: await _submit(downloads, "url", site.url(path)) for case, path in paths.items()}
    await _progress_was_seen(downloads, jobs["held"])
    site.released.set()
    rows = {case: await downloads.app.finished(job_id, within=90) for case, job_id in jobs.items()}

    for case in ("plain", "redirect", "held", "flaky"):
        _assert_tone(rows[case], "tone.mp3")
    _assert_failed(rows["loop"], "more than 20 redirects")
    _assert_failed(rows["not found"], "has no such file (HTTP 404)")
    _assert_failed(rows["gone"], "has removed the file (HTTP 410)")
    _assert_failed(rows["broken off"], "broke off")
    _assert_failed(rows["too large"], f"larger than the limit of {LIMIT_MB} MB")
    _assert_failed(rows["endless"], f"larger than the limit of {LIMIT_MB} MB")
    _assert_failed(rows["page"], "web page")
    assert (site.hits["/cut/tone.mp3"], site.hits["/status/410"]) == (2, 1)
    await _assert_progress_never_fell(downloads, jobs["held"])
    first, second, *_ = site.times("flaky/tone.mp3")
    assert second - first >= float(site.retry_after)


async def test_private_addresses_get_no_hit_by_default(downloads: Deployment, site: Site) -> None:
    del downloads.extra["AUDIOPREP_ALLOW_PRIVATE_URLS"]
    await downloads.migrate()
    downloads.start("serve")
    url = site.url("file/tone.mp3")
    forms = [url, url.replace("127.0.0.1", "2130706433"), url.replace("127.0.0.1", "localhost")]

    jobs = [await _submit(downloads, "url", form) for form in forms]
    jobs.append(await _submit(downloads, "youtube", url))

    for job_id in jobs:
        _assert_failed(await downloads.app.finished(job_id), "does not lead to a public address")
    assert not site.hits


@pytest.mark.usefixtures("storage_place")
async def test_a_video_gives_up_its_audio_alone_and_only_whole(downloads: Deployment, site: Site) -> None:
    await downloads.migrate()
    downloads.start("serve")
    videos = {
        "clip.mp4": ("m4a", "aac", _video(site.folder / "clip.mp4", "-c:a", "aac")),
        "clip.webm": ("ogg", "opus", _video(site.folder / "clip.webm", "-c:v", "libvpx", "-c:a", "libopus")),
        "clip.mkv": ("flac", "flac", _video(site.folder / "clip.mkv", "-c:v", "mpeg4", "-c:a", "flac")),
        "clip.mov": ("wav", "pcm_s16le", _video(site.folder / "clip.mov", "-c:a", "pcm_s16le")),
    }
    jobs: dict[str, tuple[str, str, str]] = {}
    for name, (extension, codec, path) in videos.items():
        key = downloads.upload(path, f"uploads/{name}")
        metadata = {"sourceType": "video_file", "storageKey": key, "originalFilename": name}
        jobs[await downloads.app.submit("ingest", metadata)] = (name, extension, codec)
    for source in ("url", "youtube"):
        jobs[await _submit(downloads, source, site.url("file/clip.mp4"))] = ("clip.mp4", "m4a", "aac")

    torn = _video(site.folder / "torn.mp4", "-c:a", "aac", "-movflags", "+faststart")
    torn.write_bytes(torn.read_bytes()[: torn.stat().st_size // 2])
    key = downloads.upload(torn, "uploads/torn.mp4")
    torn_job = await downloads.app.submit("ingest", {"sourceType": "video_file", "storageKey": key})

    for job_id, (name, extension, codec) in jobs.items():
        row = await downloads.app.finished(job_id)
        assert row["status"] == "complete", (name, row["error"])
        result = json.loads(row["result"])
        original = site.folder / f"original-{job_id}.{extension}"
        original.write_bytes(downloads.place.get(f"assets/{result['assetId']}/original.{extension}"))
        assert _streams(original) == [("audio", codec)]
        assert result["metadata"]["originalFilename"] == name
        assert result["metadata"]["duration"] == pytest.approx(3, abs=0.1)
    _assert_failed(await downloads.app.finished(torn_job), "breaks off after")


async def _submit(deployment: Deployment, source_type: str, url: str) -> str:
    return await deployment.app.submit("ingest", {"sourceType": source_type, "url": url})


async def _progress_was_seen(deployment: Deployment, job_id: str) -> None:
    """The row shows movement within a download that is not at its end."""

    async def check() -> bool | None:
        return len(set(await _progress(deployment, job_id))) > 1 or None

    await eventually(check, within=80, what="progress of the download")


async def _assert_progress_never_fell(deployment: Deployment, job_id: str) -> None:
    seen = await _progress(deployment, job_id)
    assert seen == sorted(seen)


async def _progress(deployment: Deployment, job_id: str) -> list[float]:
    changes = await deployment.app.changes(job_id)
    return [change["progress"] for change in changes if change["stage"] == "downloading"]


def _assert_tone(row: Row, name: str) -> None:
    assert row["status"] == "complete", row["error"]
    metadata: dict[str, Any] = json.loads(row["result"])["metadata"]
    assert metadata["duration"] == pytest.approx(SECONDS, abs=0.05)
    assert (metadata["originalFilename"], metadata["codec"]) == (name, "mp3")


def _assert_failed(row: Row, sentence: str) -> None:
    assert row["status"] == "failed", row
    assert sentence in row["error"]
    assert "\n" not in row["error"]


def _video(path: Path, *options: str) -> Path:
    picture = ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=10:duration=3"]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=3"]
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-y", *picture, *sound, *options, str(path)]
    subprocess.run(argv, check=True, timeout=60)
    return path


def _streams(path: Path) -> list[tuple[str, str]]:
    argv = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type,codec_name", "-of", "json", str(path)]
    found = json.loads(subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout)["streams"]
    return [(stream["codec_type"], stream["codec_name"]) for stream in found]
