"""Tags and cover as ffmpeg's inputs and options: https://ffmpeg.org/ffmpeg-formats.html#Metadata-2. Pure."""

import base64
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_FENCE: Final = ("-protocol_whitelist", "file,pipe")
_FRONT: Final = 3  # the picture type of a front cover (ID3v2, FLAC)
_BITS_PER_PIXEL: Final = 24
BLOCK: Final = "METADATA_BLOCK_PICTURE"  # a FLAC picture block, in base64, as a comment of Ogg (RFC 7845, 5.2.1)


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG or PNG file. `demuxer` is ffmpeg's, for this one file and nothing that it refers to."""

    path: Path
    demuxer: str
    mime: str
    width: int
    height: int
    size: int


@dataclass(frozen=True, slots=True)
class Labels:
    """A file of tags, and a cover where the format has it as a stream. `size` is what they add to a file, at most."""

    tags: Path
    cover: Picture | None
    options: tuple[str, ...]
    size: int


def labelled(labels: Labels | None, inputs: int) -> tuple[list[str | Path], list[str]]:
    """Inputs beside the `inputs` that are there, and options of the output, which has no tags without labels."""
    if labels is None:
        return [], ["-map_metadata", "-1"]
    more: list[str | Path] = [*_FENCE, "-f", "ffmetadata", "-i", f"file:{labels.tags}"]
    options = ["-map_metadata", str(inputs), "-map_chapters", "-1", *labels.options]
    if labels.cover is not None:
        demuxer = labels.cover.demuxer
        more += [*_FENCE, "-format_whitelist", demuxer, "-f", demuxer, "-i", f"file:{labels.cover.path}"]
        options += ["-map", f"{inputs + 1}:v:0", "-c:v", "copy", "-frames:v", "1"]  # a camera's file may hold two
        options += ["-disposition:v:0", "attached_pic", "-metadata:s:v:0", "comment=Cover (front)"]
    return more, options


def ffmetadata(texts: Mapping[str, str]) -> str:
    """Tags in the form that ffmpeg reads; each text is on one line."""
    return ";FFMETADATA1\n" + "".join(f"{name}={_escaped(text)}\n" for name, text in texts.items())


def picture_block(picture: Picture, content: bytes) -> str:
    """A FLAC picture block in base64: https://xiph.org/flac/format.html#metadata_block_picture"""
    mime = picture.mime.encode()
    measures = struct.pack(">IIII", picture.width, picture.height, _BITS_PER_PIXEL, 0)
    head = struct.pack(">II", _FRONT, len(mime)) + mime + struct.pack(">I", 0) + measures
    return base64.b64encode(head + struct.pack(">I", len(content)) + content).decode()


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "=;#\\\n" else char for char in text)
