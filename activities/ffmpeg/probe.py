"""ffprobe: streams, formats, durations and tags as a media file declares them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from audioprep.activities.ffmpeg.command import PROBE_LIMITS, ffprobe
from audioprep.activities.ffmpeg.errors import reason_of
from audioprep.activities.ffmpeg.file_checks import check_encryption, check_flac, check_riff
from audioprep.activities.ffmpeg.report import ENTRIES, Report, Stream, parse_report
from audioprep.activities.process.supervisor import child_process
from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.types.tags import AssetTags

_MAX_OUTPUT: Final = 4 << 20  # bytes of JSON: a thousand streams and ten thousand chapters fit
_RATES: Final = range(1_000, 1_000_001)  # hertz
_MAX_CHANNELS: Final = 64  # swresample's own limit
_NO_DECODER: Final = ("not implemented", "Could not open codec", "Unsupported codec")
_UNREADABLE: Final = "The file is not audio or video that can be read"
_MP4: Final = "mov,mp4,m4a,3gp,3g2,mj2"


class Probe(BaseModel):
    """The first audio stream that has a decoder. `duration` is the container's word in seconds, None when it has none:
    a hint for progress, no fact.

    `has_video` does not count cover art. `layout` is the declared channel layout, empty if there is none.
    """

    stream_index: int
    codec: str
    sample_rate: int
    channels: int
    format: str
    duration: float | None
    starts_at_zero: bool = True  # the stream begins with its file: times in one are times in the other
    has_video: bool = False
    bitrate: int = 0  # bits per second of the file, or of the stream; 0 when the container says neither
    layout: str = ""
    sample_format: str = ""  # ffmpeg's name of what the decoder gives
    patient: bool = False  # the stream is found only by those who read far into the file
    tags: AssetTags = AssetTags()
    cover_index: int | None = None  # the stream of `tags.cover`


async def probe(source: Path, cwd: Path) -> Probe:
    """Look at `source` with ffprobe. Raises PermanentError when it is no media file or has no audio that decodes."""
    await asyncio.to_thread(check_riff, source)
    await asyncio.to_thread(check_flac, source)
    report, patient = await _report(source, cwd), False
    if not any(stream.is_decodable for stream in report.streams) and any(map(_is_late, report.streams)):
        report, patient = await _report(source, cwd, patient=True), True
    audio = next((stream for stream in report.streams if stream.is_decodable), None)
    if audio is None:
        raise _no_audio(report.streams)
    _check_measures(audio)
    if report.format.format_name == _MP4:
        await asyncio.to_thread(check_encryption, source)
    return Probe(
        stream_index=audio.index,
        codec=audio.codec,
        sample_rate=audio.sample_rate,
        channels=audio.channels,
        format=report.format.format_name,
        duration=audio.seconds or report.format.duration,
        starts_at_zero=audio.start_time == report.format.start_time,
        has_video=any(stream.moves for stream in report.streams),
        bitrate=report.format.bit_rate or audio.bit_rate,
        layout=audio.layout,
        sample_format=audio.sample_fmt,
        patient=patient,
        tags=report.tags_of(audio),
        cover_index=report.cover.index if report.cover else None,
    )


async def _report(source: Path, cwd: Path, *, patient: bool = False) -> Report:
    output = bytearray()
    command = ffprobe(source, "-show_entries", ENTRIES, patient=patient)
    async with child_process(command, cwd=cwd, limits=PROBE_LIMITS) as child:
        async for block in child.blocks():
            output += block
            if len(output) > _MAX_OUTPUT:
                sentence = (
                    f"The file describes itself in more than {_MAX_OUTPUT >> 20} MB of tags, streams and chapters."
                )
                raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)
        code = await child.wait()
    report = parse_report(bytes(output)) if code == 0 else None
    if report is not None:
        return report
    reason = reason_of(child.stderr, source)
    unknown = any(sign in reason for sign in _NO_DECODER)
    what = "The file's sound is in a codec that is not known here" if unknown else _UNREADABLE
    raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, f"{what} ({reason}).")


def _no_audio(streams: Sequence[Stream]) -> PermanentError:
    codecs = [stream.codec for stream in streams if stream.is_audio]
    if not codecs:
        return PermanentError(ErrorKind.UNSUPPORTED_MEDIA, "The file has no audio that can be read.")
    name = f" ({codecs[0]})" if codecs[0] else ""
    return PermanentError(ErrorKind.UNSUPPORTED_MEDIA, f"The file's sound is in a codec that is not known here{name}.")


def _is_late(stream: Stream) -> bool:
    """Its codec is known, and nothing of it was seen yet."""
    return stream.is_audio and bool(stream.codec_name) and not (stream.sample_rate and stream.channels)


def _check_measures(audio: Stream) -> None:
    """Raises PermanentError for numbers that no recording has, but that would have us work with them."""
    if audio.sample_rate not in _RATES:
        sentence = (
            f"The audio claims {audio.sample_rate:,} samples a second: {_RATES[0]:,} to {_RATES[-1]:,} can be read."
        )
        raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)
    if audio.channels > _MAX_CHANNELS:
        sentence = f"The audio claims {audio.channels:,} channels: {_MAX_CHANNELS} at most can be read."
        raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)
