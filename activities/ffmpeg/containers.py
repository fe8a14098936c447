"""File extension and media type of an original, and whether browsers play it: from what the file is, not its name.

Both end up where browsers read them, in storage that a web app may serve.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audioprep.activities.ffmpeg.probe import Probe

_HEAD: Final = 64  # bytes that hold the document type of a Matroska file
_WEBM: Final = b"\x42\x82\x84webm"  # the element DocType: https://www.rfc-editor.org/rfc/rfc8794#section-11.2.6


@dataclass(frozen=True, slots=True)
class FileForm:
    """How an original is called in storage, and its `Content-Type`."""

    extension: str
    content_type: str


_UNKNOWN: Final = FileForm("bin", "application/octet-stream")
# By the first name of ffprobe's `format_name`; media types as registered with IANA, or as commonly used.
_AUDIO: Final = {
    "aac": FileForm("aac", "audio/aac"),
    "ac3": FileForm("ac3", "audio/ac3"),
    "aiff": FileForm("aiff", "audio/aiff"),
    "amr": FileForm("amr", "audio/amr"),
    "ape": FileForm("ape", "audio/x-ape"),
    "asf": FileForm("wma", "audio/x-ms-wma"),
    "au": FileForm("au", "audio/basic"),
    "avi": FileForm("avi", "video/x-msvideo"),
    "caf": FileForm("caf", "audio/x-caf"),
    "dsf": FileForm("dsf", "audio/x-dsf"),
    "dts": FileForm("dts", "audio/vnd.dts"),
    "eac3": FileForm("eac3", "audio/eac3"),
    "flac": FileForm("flac", "audio/flac"),
    "flv": FileForm("flv", "video/x-flv"),
    "gsm": FileForm("gsm", "audio/x-gsm"),
    "matroska": FileForm("mka", "audio/x-matroska"),
    "mov": FileForm("m4a", "audio/mp4"),
    "mp3": FileForm("mp3", "audio/mpeg"),
    "mpc": FileForm("mpc", "audio/x-musepack"),
    "mpc8": FileForm("mpc", "audio/x-musepack"),
    "mpeg": FileForm("mpg", "video/mpeg"),
    "mpegts": FileForm("ts", "video/mp2t"),
    "ogg": FileForm("ogg", "audio/ogg"),
    "tak": FileForm("tak", "audio/x-tak"),
    "tta": FileForm("tta", "audio/x-tta"),
    "voc": FileForm("voc", "audio/x-voc"),
    "w64": FileForm("w64", "audio/x-w64"),
    "wav": FileForm("wav", "audio/wav"),
    "wv": FileForm("wv", "audio/x-wavpack"),
    "xwma": FileForm("xwma", "audio/x-xwma"),
}
_VIDEO: Final = {
    "asf": FileForm("wmv", "video/x-ms-wmv"),
    "matroska": FileForm("mkv", "video/x-matroska"),
    "mov": FileForm("mp4", "video/mp4"),
    "ogg": FileForm("ogv", "video/ogg"),
}


async def form_of(path: Path, probed: Probe) -> FileForm:
    """The form of the file at `path`, of which ffprobe said `probed`."""
    demuxer = probed.format.split(",")[0]
    if demuxer == "matroska" and await asyncio.to_thread(_is_webm, path):
        return FileForm("webm", "video/webm" if probed.has_video else "audio/webm")
    if demuxer == "ogg" and probed.codec == "opus" and not probed.has_video:
        return FileForm("opus", "audio/ogg")  # https://www.rfc-editor.org/rfc/rfc7845#section-9
    table = _AUDIO | _VIDEO if probed.has_video else _AUDIO
    return table.get(demuxer, _UNKNOWN)


def _is_webm(path: Path) -> bool:
    with path.open("rb") as file:
        return _WEBM in file.read(_HEAD)


# What every current browser plays, as Chromium does without proprietary codecs but for AAC and MP3, by extension:
# https://www.chromium.org/audio-video/
_PLAYED: Final = {
    "aac": {"aac"},
    "flac": {"flac"},
    "m4a": {"aac", "flac", "mp3", "opus"},
    "mp3": {"mp3"},
    "mp4": {"aac", "flac", "mp3", "opus"},
    "ogg": {"flac", "opus", "vorbis"},
    "opus": {"opus"},
    "wav": {"pcm_alaw", "pcm_f32le", "pcm_mulaw", "pcm_s16le", "pcm_s24le", "pcm_u8"},
    "webm": {"opus", "vorbis"},
}


def browsers_play(extension: str, probed: Probe) -> bool:
    """Whether browsers play an original of this extension, and the stream of it that was probed."""
    return not probed.has_video and probed.stream_index == 0 and probed.codec in _PLAYED.get(extension, ())
