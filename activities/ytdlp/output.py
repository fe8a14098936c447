"""yt-dlp's stdout: lines of JSON behind our marks, parsed. Pure; any other line is ignored."""

from typing import TypeAlias

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from audioprep.activities.ytdlp.command import CHOICE_MARK, ENTRY_MARK, MEDIA_MARK, PATH_MARK, PROGRESS_MARK

_TEXT = TypeAdapter(str)
_MAX_FRAGMENTS = 1_000_000_000


class Media(BaseModel):
    """What is about to be downloaded. `duration` in seconds, when the site says it."""

    id: str = ""
    title: str = ""
    duration: float | None = Field(default=None, allow_inf_nan=False)
    is_live: bool | None = None
    live_status: str | None = None
    playlist_id: str | None = None
    playlist_index: int | None = None
    playlist_count: int | None = None

    @property
    def is_of_a_list(self) -> bool:
        """It came out of a list that is not known to hold it alone."""
        listed = self.playlist_id is not None or self.playlist_index is not None
        return self.playlist_count != 1 if listed else (self.playlist_count or 0) > 1


class Choice(BaseModel):
    """The format that is about to be downloaded."""

    format_id: str = ""

    @property
    def is_preview(self) -> bool:
        """The site's own name for it says that it is not the whole recording."""
        return "preview" in self.format_id.lower()


class Progress(BaseModel):
    """How far the download is. Sizes in bytes; the total may be an estimate, or unknown."""

    downloaded_bytes: float = Field(default=0, ge=0, allow_inf_nan=False)
    total_bytes: float | None = Field(default=None, allow_inf_nan=False)
    total_bytes_estimate: float | None = Field(default=None, allow_inf_nan=False)
    fragment_index: int | None = Field(default=None, ge=0, le=_MAX_FRAGMENTS)
    fragment_count: int | None = Field(default=None, ge=0, le=_MAX_FRAGMENTS)

    @property
    def fraction(self) -> float | None:
        """0..1; None when the whole is unknown."""
        for done, whole in (
            (self.downloaded_bytes, self.total_bytes),
            (self.fragment_index, self.fragment_count),
            (self.downloaded_bytes, self.total_bytes_estimate),
        ):
            if done is not None and whole and whole > 0:
                return min(max(done / whole, 0.0), 1.0)
        return None


class Entry(BaseModel):
    """One recording of a list."""

    url: str = ""
    webpage_url: str = ""
    title: str = ""
    playlist_id: str | None = None

    @property
    def source_url(self) -> str:
        """Where to fetch it: the media itself, or the page that yt-dlp would look it up on."""
        return self.url if self.url.startswith(("http://", "https://")) else self.webpage_url


class Stored(BaseModel):
    """The download is whole: yt-dlp gave the file its final name."""

    path: str


Said: TypeAlias = Media | Choice | Progress | Entry | Stored


def parse_line(line: str) -> Said | None:
    """The line's meaning; None for what is not ours or cannot be read."""
    try:
        if line.startswith(PATH_MARK):
            return Stored(path=_TEXT.validate_json(line.removeprefix(PATH_MARK)))
        if line.startswith(PROGRESS_MARK):
            return Progress.model_validate_json(line.removeprefix(PROGRESS_MARK))
        if line.startswith(MEDIA_MARK):
            return Media.model_validate_json(line.removeprefix(MEDIA_MARK))
        if line.startswith(CHOICE_MARK):
            return Choice.model_validate_json(line.removeprefix(CHOICE_MARK))
        if line.startswith(ENTRY_MARK):
            return Entry.model_validate_json(line.removeprefix(ENTRY_MARK))
    except ValidationError:
        pass  # a line that is not what was asked for says nothing
    return None
