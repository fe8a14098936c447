"""Tags: title, artist and the like, and a cover; of a source, as its container holds them, and of a save's files.

Untrusted input, both.
"""

from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from audioprep.jobs.payload import WireModel
from audioprep.jobs.text.wording import printable

MAX_TEXT: Final = 500  # characters of one tag
MAX_KEY: Final = 1024  # characters of a storage key
MAX_CHAPTERS: Final = 200
MAX_SECONDS: Final = 1_000_000


class Chapter(WireModel):
    """A named stretch of the source, in seconds of its container's clock."""

    start_time: float = Field(ge=0, le=MAX_SECONDS)
    end_time: float = Field(ge=0, le=MAX_SECONDS)
    title: str | None = None


class Cover(WireModel):
    """The first attached picture. It stays in the original, and is not a file of its own."""

    codec: str = Field(description="as ffprobe names it: mjpeg, png")
    width: int
    height: int


class AssetTags(WireModel):
    """`tags` of `metadata.json`. What the source does not tell is absent."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    album_artist: str | None = None
    composer: str | None = None
    genre: str | None = None
    date: str | None = None
    track: str | None = None
    disc: str | None = None
    comment: str | None = None
    language: str | None = Field(default=None, description="of the audio stream, ISO 639-2 as a rule")
    chapters: tuple[Chapter, ...] | None = None
    cover: Cover | None = None

    @property
    def is_empty(self) -> bool:
        return not self.model_fields_set or all(value is None for value in dict(self).values())


def _one_line(text: str) -> str:
    """Without control and invisible characters, on one line."""
    return " ".join(printable(text).split())


TagText = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(_one_line)]


class RecipeTags(WireModel):
    """Tags of a save's files: a closed list. Of control characters and line breaks they are cleaned."""

    title: TagText | None = None
    artist: TagText | None = None
    album: TagText | None = None
    album_artist: TagText | None = None
    composer: TagText | None = None
    genre: TagText | None = None
    date: TagText | None = Field(default=None, description="a year, or ISO 8601")
    track: TagText | None = Field(default=None, description="a number, or `3/12`")
    disc: TagText | None = None
    comment: TagText | None = None

    @property
    def texts(self) -> dict[str, str]:
        """Those that say something, by the name that ffmpeg has for them."""
        return {name: text for name, text in dict(self).items() if text}


class RecipeCover(WireModel):
    """The cover of a save's files: an uploaded JPEG or PNG, or the cover in an asset's original."""

    storage_key: str | None = Field(default=None, max_length=MAX_KEY)
    asset_id: UUID | None = None

    @model_validator(mode="after")
    def _is_one_picture(self) -> Self:
        if (self.storage_key is None) is (self.asset_id is None):
            raise ValueError("it needs a storageKey or an assetId, and not both")
        return self
