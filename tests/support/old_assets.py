"""Assets as the worker before audioprep left them: the web app's form of `metadata.json`, with the container's word."""

import json
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.audio import make_audio

# By name: the file, and what ffmpeg is asked for.
FORMATS: dict[str, tuple[str, ...]] = {
    "mp3, constant bit rate": ("a.mp3", "-ac", "2", "-b:a", "128k"),
    "mp3, variable bit rate": ("a.mp3", "-ac", "2", "-q:a", "4"),
    "mp3, mono, 22,050 Hz": ("a.mp3", "-ac", "1", "-ar", "22050"),
    "mp3, no header": ("a.mp3", "-ac", "2", "-b:a", "128k", "-write_xing", "0", "-id3v2_version", "0"),
    "aac, raw": ("a.aac", "-ac", "2"),
    "aac, raw, mono, 8,000 Hz": ("a.aac", "-ac", "1", "-ar", "8000"),
    "m4a": ("a.m4a", "-ac", "2", "-c:a", "aac"),
    "wav": ("a.wav", "-ac", "2"),
    "flac": ("a.flac", "-ac", "2"),
    "ogg": ("a.ogg", "-ac", "2", "-c:a", "libvorbis"),
    "opus": ("a.opus", "-ac", "2", "-c:a", "libopus", "-ar", "48000"),
    "webm": ("a.webm", "-ac", "2", "-c:a", "libopus", "-ar", "48000"),
}


@dataclass(frozen=True)
class OldAsset:
    """`duration` is what the web app shows, and where its clips end."""

    asset_id: str
    duration: float


def make_original(folder: Path, form: str, seconds: float) -> Path:
    name, *options = FORMATS[form]
    return make_audio(folder / name, seconds, *options, source="anoisesrc=seed=7:colour=pink:r=44100")


def add_old_asset(storage: Path, original: Path) -> OldAsset:
    """Store `original` and what the old worker knew of it."""
    asset_id = str(uuid.uuid4())
    audio = container_says(original)
    at = "2026-02-20T10:00:00.000Z"
    provenance = {"sourceType": "audio_file"}
    metadata = {"assetId": asset_id, "createdAt": at, "updatedAt": at, "audio": audio, "provenance": provenance}
    folder = storage / "assets" / asset_id
    folder.mkdir(parents=True)
    (folder / f"original{original.suffix}").write_bytes(original.read_bytes())
    (folder / "metadata.json").write_text(json.dumps({**metadata, "originalFilename": original.name}, indent=2))
    return OldAsset(asset_id, audio["duration"])


def container_says(path: Path) -> dict[str, Any]:
    """`audio` in the web app's form: ffprobe's words on the container, or else on the stream."""
    show = [
        "ffprobe",
        "-v",
        "quiet",
        "-print_format",
        "json",
        "-show_format",
        "-show_streams",
        "-select_streams",
        "a:0",
    ]
    said = json.loads(subprocess.run([*show, str(path)], check=True, capture_output=True, timeout=60).stdout)
    form, stream = said["format"], said["streams"][0]
    return {
        "duration": float(form.get("duration") or stream["duration"]),
        "sampleRate": int(stream["sample_rate"]),
        "channels": stream["channels"],
        "codec": stream["codec_name"],
        "bitrate": int(form.get("bit_rate") or stream.get("bit_rate") or 0),
        "format": form["format_name"],
    }
