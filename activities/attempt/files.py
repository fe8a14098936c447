"""Downloaded files, and safe names for them."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from audioprep.jobs.keys import extension_of

MAX_LENGTH: Final = 200  # characters
_EXTENSIONS: Final = {
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/opus": "opus",
    "audio/wav": "wav",
    "audio/webm": "webm",
    "audio/x-flac": "flac",
    "audio/x-m4a": "m4a",
    "audio/x-wav": "wav",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "video/x-matroska": "mkv",
}
_SPACE = re.compile(r"\s+")


def safe_name(text: str, default: str = "download") -> str:
    """`text` as a file name to show: one line, no folders, no control or direction marks, at most 200 characters."""
    text = _SPACE.sub(" ", text.replace("\\", "/"))
    kept = "".join(char for char in text if not unicodedata.category(char).startswith("C"))
    name = kept.rsplit("/", 1)[-1].strip(" .")
    if len(name) > MAX_LENGTH:
        suffix = PurePosixPath(name).suffix[:10]
        name = name[: MAX_LENGTH - len(suffix)] + suffix
    return name or default


def download_name(path: str, disposition: str | None, content_type: str) -> str:
    """What the server calls the file, or else the end of the URL's path; a missing extension comes from its type."""
    name = safe_name(disposition or path)
    if extension_of(name, ""):
        return name
    extension = _EXTENSIONS.get(content_type)
    return f"{name}.{extension}" if extension else name


def title_name(title: str, extension: str) -> str:
    """The file name of a recording with this title; slashes in a title are no folders."""
    return f"{safe_name(title.replace('/', '_').replace(chr(92), '_'))[: MAX_LENGTH - 10]}.{extension}"


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """The file in the step's scratch folder, the name to show for it, and the site's own id of the recording.

    `said_duration` is what the site says, in seconds; `titled` marks a name made of a title and yt-dlp's extension.
    """

    path: Path
    name: str
    source_id: str | None = None
    said_duration: float | None = None
    titled: bool = False
    upload_version: str | None = None  # ETag of an object that the web app stored
