"""Tags of a source: title, artist and the like, chapters and cover, as its container holds them. Untrusted input."""

from typing import Final

from pydantic import Field

from audioprep.jobs.payload import WireModel

MAX_TEXT: Final = 500  # characters of one tag
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
