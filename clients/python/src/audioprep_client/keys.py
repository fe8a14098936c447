"""Storage keys of an asset's files, and of uploads."""

import re
import uuid

_EXTENSION = re.compile(r"\.[a-z0-9]{1,8}$", re.IGNORECASE)


def original(asset_id: str, extension: str) -> str:
    return f"assets/{asset_id}/original.{extension}"


def metadata(asset_id: str) -> str:
    return f"assets/{asset_id}/metadata.json"


def peaks(asset_id: str) -> str:
    return f"assets/{asset_id}/peaks.json"


def peaks_dat(asset_id: str) -> str:
    return f"assets/{asset_id}/peaks.dat"


def waveform(asset_id: str) -> str:
    return f"assets/{asset_id}/waveform.png"


def preview(asset_id: str, recipe_hash: str) -> str:
    return f"assets/{asset_id}/preview_{recipe_hash}.mp3"


def prepared(asset_id: str, output_format: str = "wav") -> str:
    """Of `wav`, `flac`, `mp3`, `aac` or `opus`."""
    return f"assets/{asset_id}/prepared.{'m4a' if output_format == 'aac' else output_format}"


def loudness_plot(asset_id: str) -> str:
    return f"assets/{asset_id}/loudness.png"


def edits(asset_id: str) -> str:
    return f"assets/{asset_id}/edits.json"


def upload(filename: str, folder: str = "uploads/") -> str:
    """A new key below the uploads folder, with nothing in it that a user chose but the extension."""
    extension = _EXTENSION.search(filename)
    return f"{folder}{uuid.uuid4()}/upload{extension[0].lower() if extension else ''}"
