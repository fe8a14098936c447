"""Storage keys: every key is built or checked here, never joined elsewhere."""

import re
from collections.abc import Collection
from enum import StrEnum
from pathlib import PurePosixPath
from uuid import UUID, uuid5

from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.request import escaped

_NAMESPACE = UUID("5b0a4d9e-2c57-4d2c-9d0e-6c1b7f0f3a11")
_SEGMENT = re.compile(r"[^\x00-\x1f\x7f\\\ud800-\udfff]{1,255}")  # no controls, no half characters
_EXTENSION = re.compile(r"[a-z0-9]{1,8}")
ASSETS = "assets/"
_MAX_KEY_BYTES = 1024  # the limit of S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html


class ContentType(StrEnum):
    """What we make, for the `Content-Type` of the object. Originals have the type of what they are."""

    JSON = "application/json"
    PNG = "image/png"
    MP3 = "audio/mpeg"
    WAV = "audio/wav"
    M4A = "audio/mp4"
    FLAC = "audio/flac"
    OGG = "audio/ogg"
    BINARY = "application/octet-stream"


def asset_id_for(job_id: str, table_id: str = "", part: str = "") -> str:
    """The asset a job makes: the same for every attempt, so that a retry overwrites instead of duplicating.

    `part` is a child's share of the job. Without a table id it is the id that assets had before tables had identities.
    """
    if not table_id:
        return str(uuid5(_NAMESPACE, f"{job_id}/{part}" if part else job_id))
    return str(uuid5(_NAMESPACE, f"{table_id}/{escaped(job_id)}/{part}"))


def asset_folder(asset_id: str) -> str:
    return f"assets/{asset_id}"


def original(asset_id: str, extension: str) -> str:
    return f"assets/{asset_id}/original.{extension}"


def is_original(key: str) -> bool:
    """Whether an object of an asset's folder is its original, whatever its extension."""
    return PurePosixPath(key).name.startswith("original.")


def is_preview(key: str) -> bool:
    """Whether an object of an asset's folder is one of its previews."""
    return PurePosixPath(key).name.startswith("preview_")


def metadata(asset_id: str) -> str:
    return f"assets/{asset_id}/metadata.json"


def media(asset_id: str) -> str:
    """What cutting needs to know of an original that another worker stored."""
    return f"assets/{asset_id}/media.json"


def working_copy(asset_id: str) -> str:
    """What clips are cut from where the original is not plain."""
    return f"assets/{asset_id}/work.flac"


def playable(asset_id: str) -> str:
    """A rendition for browsers that do not play the original."""
    return f"assets/{asset_id}/playable.mp3"


def peaks(asset_id: str) -> str:
    return f"assets/{asset_id}/peaks.json"


def peaks_dat(asset_id: str) -> str:
    """Waveform data in audiowaveform's binary form."""
    return f"assets/{asset_id}/peaks.dat"


def waveform(asset_id: str) -> str:
    return f"assets/{asset_id}/waveform.png"


def preview(asset_id: str, recipe_hash: str) -> str:
    return f"assets/{asset_id}/preview_{recipe_hash}.mp3"


def prepared(asset_id: str, extension: str) -> str:
    return f"assets/{asset_id}/prepared.{extension}"


def is_prepared(key: str) -> bool:
    """Whether an object of an asset's folder is a file of its save."""
    return PurePosixPath(key).name.startswith("prepared.")


def loudness_plot(asset_id: str) -> str:
    return f"assets/{asset_id}/loudness.png"


def edits(asset_id: str) -> str:
    return f"assets/{asset_id}/edits.json"


def extension_of(filename: str, default: str = "bin") -> str:
    """The file name's extension in lower case without its dot; `default` when there is none worth keeping."""
    extension = PurePosixPath(filename).suffix.removeprefix(".").lower()
    return extension if _EXTENSION.fullmatch(extension) else default


def checked(key: str) -> str:
    """A key that came from outside, unchanged. Raises PermanentError when it could name something outside storage."""
    segments = key.split("/")
    if len(key.encode("utf-8", "surrogatepass")) > _MAX_KEY_BYTES or not all(map(_is_safe, segments)):
        raise PermanentError(ErrorKind.INVALID_PAYLOAD, f"The storage key {key[:80]!r} is not a valid object key.")
    return key


def checked_upload(key: str, folders: Collection[str]) -> str:
    """The key of an upload, unchanged: any valid one, or one below one of `folders` if there are any.

    Raises PermanentError otherwise.
    """
    if folders and (checked(key).startswith(ASSETS) or not key.startswith(tuple(folders))):
        allowed = ", ".join(sorted(folders))
        sentence = f"The storage key {key[:80]!r} is not below a folder that uploads are taken from ({allowed})."
        raise PermanentError(ErrorKind.REFUSED, sentence)
    return checked(key)


def _is_safe(segment: str) -> bool:
    return segment not in {".", ".."} and _SEGMENT.fullmatch(segment) is not None
