"""ffprobe: streams, formats and durations as a media file declares them."""

import re
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from audioprep.activities.ffmpeg.command import PROBE_LIMITS, error_excerpt, ffprobe
from audioprep.activities.process.supervisor import child_process
from audioprep.jobs.errors import ErrorKind, PermanentError

_MAX_OUTPUT = 1 << 20  # characters of JSON: a thousand streams fit
_RATES = range(1_000, 1_000_001)  # hertz
_MAX_CHANNELS = 64  # swresample's own limit
_LENGTH_TAG = "DURATION"  # of a stream in Matroska
_CLOCK = re.compile(r"([0-9]{1,6}):([0-9]{2}):([0-9]{2}(?:\.[0-9]{1,9})?)")  # anybody may write that tag


class Probe(BaseModel):
    """The first audio stream. `duration` is the container's word in seconds, None when it has none: a hint, no fact.

    `stream_duration` is its word on this stream alone. `has_video` does not count cover art.
    """

    stream_index: int
    codec: str
    sample_rate: int
    channels: int
    format: str
    duration: float | None
    starts_at_zero: bool = True  # the stream begins with its file: times in one are times in the other
    stream_duration: float | None = None
    has_video: bool = False
    bitrate: int = 0  # bits per second of the file, or of the stream; 0 when the container says neither


class _Disposition(BaseModel):
    attached_pic: int = 0


class _Stream(BaseModel):
    index: int
    codec_type: str = ""
    codec_name: str = "unknown"
    sample_rate: int = 0
    channels: int = 0
    duration: float | None = None
    start_time: float = 0.0
    bit_rate: int = 0
    disposition: _Disposition = _Disposition()
    tags: dict[str, str] = Field(default_factory=dict)

    @property
    def seconds(self) -> float | None:
        """Matroska keeps a stream's own length in a tag: `00:00:02.370000000`."""
        found = _CLOCK.fullmatch(self.tags.get(_LENGTH_TAG, ""))
        if self.duration or not found:
            return self.duration
        return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])


class _Format(BaseModel):
    format_name: str = "unknown"
    start_time: float = 0.0
    duration: float | None = None
    bit_rate: int = 0


class _Report(BaseModel):
    streams: list[_Stream] = Field(default_factory=list)
    format: _Format = _Format()


# What ffprobe is asked for: the fields that are read here. Other tags may have any size, lyrics and pictures.
_ENTRIES = ":".join(
    (
        f"format={','.join(_Format.model_fields)}",
        f"stream={','.join(_Stream.model_fields)}",
        f"stream_disposition={','.join(_Disposition.model_fields)}",
        f"stream_tags={_LENGTH_TAG}",
    )
)


async def probe(source: Path, cwd: Path) -> Probe:
    """Look at `source` with ffprobe. Raises PermanentError when it is no media file or has no audio."""
    report = await _report(source, cwd)
    audio = next((stream for stream in report.streams if _decodable(stream)), None)
    if audio is None:
        raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, "The file has no audio that can be read.")
    _check_measures(audio)
    return Probe(
        stream_index=audio.index,
        codec=audio.codec_name,
        sample_rate=audio.sample_rate,
        channels=audio.channels,
        format=report.format.format_name,
        duration=audio.seconds or report.format.duration,
        starts_at_zero=audio.start_time == report.format.start_time,
        stream_duration=audio.duration,
        has_video=any(map(_moves, report.streams)),
        bitrate=report.format.bit_rate or audio.bit_rate,
    )


async def _report(source: Path, cwd: Path) -> _Report:
    output = ""
    command = ffprobe(source, "-show_entries", _ENTRIES)
    async with child_process(command, cwd=cwd, limits=PROBE_LIMITS) as child:
        async for line in child.lines():
            output += line
            if len(output) > _MAX_OUTPUT:
                raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, "The file describes more streams than can be read.")
        code = await child.wait()
    report = parse_report(output) if code == 0 else None
    if report is not None:
        return report
    raise PermanentError(
        ErrorKind.UNSUPPORTED_MEDIA,
        f"The file is not audio or video that can be read ({error_excerpt(child.last_stderr_line, source)}).",
    )


def parse_report(output: str) -> _Report | None:
    """None for what is not as ffprobe promises: it says the same as a failure."""
    try:
        return _Report.model_validate_json(output)
    except ValidationError:
        return None


def _check_measures(audio: _Stream) -> None:
    """Raises PermanentError for numbers that no recording has, but that would have us work with them."""
    if audio.sample_rate not in _RATES:
        sentence = (
            f"The audio claims {audio.sample_rate:,} samples a second: {_RATES[0]:,} to {_RATES[-1]:,} can be read."
        )
        raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)
    if audio.channels > _MAX_CHANNELS:
        sentence = f"The audio claims {audio.channels:,} channels: {_MAX_CHANNELS} at most can be read."
        raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)


def _decodable(stream: _Stream) -> bool:
    return stream.codec_type == "audio" and stream.sample_rate > 0 and stream.channels > 0


def _moves(stream: _Stream) -> bool:
    return stream.codec_type == "video" and not stream.disposition.attached_pic
