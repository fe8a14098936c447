"""ffprobe's report: the JSON that it is asked for, as models, and the tags in it. Pure."""

import re
from typing import Final

from pydantic import BaseModel, Field, ValidationError

from audioprep.jobs.text.wording import shown
from audioprep.jobs.types.tags import MAX_CHAPTERS, MAX_SECONDS, MAX_TEXT, AssetTags, Chapter, Cover

_LENGTH_TAG: Final = "DURATION"  # of a stream in Matroska
_CLOCK: Final = re.compile(r"([0-9]{1,6}):([0-9]{2}):([0-9]{2}(?:\.[0-9]{1,9})?)")  # anybody may write that tag
_NO_LANGUAGE: Final = ("language", "und")  # undetermined: ISO 639-2
_UNKNOWN: Final = frozenset({"", "unknown", "none"})
# Fields of AssetTags by the names that ffmpeg's demuxers give to a tag; it compares them without regard to case.
_TEXTS: Final = {
    "title": "title",
    "artist": "artist",
    "album": "album",
    "album_artist": "album_artist",
    "composer": "composer",
    "genre": "genre",
    "date": "date",
    "track": "track",
    "disc": "disc",
    "comment": "comment",
    "description": "comment",
    "language": "language",
}


class Disposition(BaseModel):
    attached_pic: int = 0


class Stream(BaseModel):
    """One stream of any kind."""

    index: int
    codec_type: str = ""
    codec_name: str = ""
    codec_tag_string: str = ""
    sample_fmt: str = ""
    sample_rate: int = 0
    channels: int = 0
    channel_layout: str = ""
    width: int = 0
    height: int = 0
    start_time: float = 0.0
    duration: float | None = None
    bit_rate: int = 0
    disposition: Disposition = Disposition()
    tags: dict[str, str] = Field(default_factory=dict)

    @property
    def seconds(self) -> float | None:
        """Matroska keeps a stream's own length in a tag: `00:00:02.370000000`."""
        tag = next((value for name, value in self.tags.items() if name.upper() == _LENGTH_TAG), "")
        found = _CLOCK.fullmatch(tag)
        if self.duration or not found:
            return self.duration
        return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])

    @property
    def is_audio(self) -> bool:
        return self.codec_type == "audio"

    @property
    def is_decodable(self) -> bool:
        """Whether ffmpeg has a decoder that could be opened: only then it knows a sample format."""
        return self.is_audio and self.sample_rate > 0 and self.channels > 0 and self.sample_fmt not in _UNKNOWN

    @property
    def moves(self) -> bool:
        """A picture that is no cover."""
        return self.codec_type == "video" and not self.disposition.attached_pic

    @property
    def layout(self) -> str:
        """The declared channel layout; empty if the container and the codec declare none."""
        return "" if self.channel_layout in _UNKNOWN else self.channel_layout

    @property
    def codec(self) -> str:
        """The codec's name for people, or what the container calls it."""
        return self.codec_name if self.codec_name not in _UNKNOWN else shown(self.codec_tag_string, 20)


class Container(BaseModel):
    format_name: str = "unknown"
    start_time: float = 0.0
    duration: float | None = None
    bit_rate: int = 0
    tags: dict[str, str] = Field(default_factory=dict)


class ChapterEntry(BaseModel):
    start_time: float = 0.0
    end_time: float = 0.0
    tags: dict[str, str] = Field(default_factory=dict)


class Report(BaseModel):
    """All that is asked for: see ENTRIES."""

    streams: list[Stream] = Field(default_factory=list)
    format: Container = Container()
    chapters: list[ChapterEntry] = Field(default_factory=list)

    def tags_of(self, audio: Stream) -> AssetTags:
        """The container's tags and, where it has none (Ogg), those of the audio stream."""
        texts: dict[str, str] = {}
        for name, value in [*self.format.tags.items(), *audio.tags.items()]:
            field = _TEXTS.get(name.lower())
            text = shown(value, MAX_TEXT, None) if field else ""
            if field and text and (field, text) != _NO_LANGUAGE:
                texts.setdefault(field, text)
        chapters = tuple(filter(None, map(_chapter, self.chapters[:MAX_CHAPTERS])))
        cover = Cover(codec=self.cover.codec, width=self.cover.width, height=self.cover.height) if self.cover else None
        return AssetTags(**texts, chapters=chapters or None, cover=cover)

    @property
    def cover(self) -> Stream | None:
        """The first attached picture."""
        return next((stream for stream in self.streams if stream.disposition.attached_pic), None)


def _chapter(entry: ChapterEntry) -> Chapter | None:
    if not 0 <= entry.start_time <= entry.end_time <= MAX_SECONDS:
        return None
    title = next((value for name, value in entry.tags.items() if name.lower() == "title"), "")
    return Chapter(start_time=entry.start_time, end_time=entry.end_time, title=shown(title, MAX_TEXT, None) or None)


# What ffprobe is asked for: the fields that are read here. Other tags may have any size, lyrics and pictures.
ENTRIES: Final = ":".join(
    (
        f"format={','.join(name for name in Container.model_fields if name != 'tags')}",
        f"format_tags={','.join(_TEXTS)}",
        f"stream={','.join(name for name in Stream.model_fields if name not in ('tags', 'disposition'))}",
        f"stream_disposition={','.join(Disposition.model_fields)}",
        f"stream_tags={_LENGTH_TAG},{','.join(_TEXTS)}",
        "chapter=start_time,end_time",
        "chapter_tags=title",
    )
)


def parse_report(output: bytes) -> Report | None:
    """None for what is not as ffprobe promises: it says the same as a failure."""
    try:
        return Report.model_validate_json(output.decode("utf-8", "replace"))
    except ValidationError:
        return None
