"""Provenance of an asset: which source it came from, and who attested the rights when. Pure."""

import re
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field

from audioprep.jobs.payload import WireModel
from audioprep.jobs.timestamps import from_text, to_text

# Query parameters that carry credentials or let a URL work for a while: of S3, Google, Azure, CloudFront, nginx.
_SECRET: Final = re.compile(
    r"token|secret|passw|pwd|signature|credential|authori[sz]ation|session|jwt|hmac|expire|policy|api_?key|access_?key"
    r"|^x-(?:amz|goog|ms|oss|cos)-|(?:^|[_.-])(?:auth|sig|key|hash|md5|st|se|sp|sv|sr|e)(?:$|[_.-])",
    re.IGNORECASE,
)
_MAX_NAME: Final = 64  # characters of a parameter's name: longer ones are dropped


class SourceType(StrEnum):
    YOUTUBE = "youtube"
    URL = "url"
    AUDIO_FILE = "audio_file"
    VIDEO_FILE = "video_file"

    @property
    def is_remote(self) -> bool:
        return self in (SourceType.YOUTUBE, SourceType.URL)


class Provenance(WireModel):
    """`provenance` of `metadata.json`."""

    source_type: SourceType
    source_url: str | None = Field(default=None, description="without credentials, signatures and fragment")
    source_video_id: str | None = Field(default=None, description="the site's own id of the recording")
    rights_attested_at: str | None = None
    original_filename: str | None = None


def source_url_of(url: str) -> str | None:
    """A URL that names the source and opens nothing: no user, fragment, or query parameter that looks like a secret.

    None for what is no URL.
    """
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return None
    if not host:
        return None
    kept = [pair for pair in parts.query.split("&") if pair and not _is_secret(pair)]
    return urlunsplit((parts.scheme, host, parts.path, "&".join(kept), ""))


def checked_time(text: str) -> str:
    """An ISO 8601 time as the table writes times. Raises ValueError if it is not one."""
    try:
        return to_text(from_text(text))
    except (ValueError, OverflowError):
        raise ValueError("it is not an ISO 8601 time") from None


def _is_secret(pair: str) -> bool:
    name, _, value = pair.partition("=")
    return len(name) > _MAX_NAME or _SECRET.search(name) is not None or value.startswith("eyJ")
