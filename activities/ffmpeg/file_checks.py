"""Checks of a file's own bytes, for what ffmpeg would decode to something else than it holds."""

import struct
from pathlib import Path
from typing import Final

from audioprep.jobs.errors import ErrorKind, PermanentError

_BLOCK: Final = 1 << 20  # bytes
_FLAC: Final = b"fLaC"
# The head of a FLAC file: its marker, and that of STREAMINFO, which may be its last block of metadata (RFC 9639, 8.1).
_FLAC_HEADS: Final = (_FLAC + b"\x00\x00\x00\x22", _FLAC + b"\x80\x00\x00\x22")
_MAX_INDEX: Final = 64 << 20  # bytes of an MP4's `moov`
# Sample entries of encrypted sound: ISO/IEC 23001-7, FairPlay, Audible.
_ENCRYPTED: Final = (b"enca", b"drms", b"aavd")


def check_riff(source: Path) -> None:
    """Raises PermanentError for WAV files that ffmpeg reads as something else than they hold.

    RIFX has samples in the other byte order, which would be noise. Of files put one after the other, as `cat` does,
    only the first is read.
    """
    with source.open("rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFX":
            sentence = (
                "The file is a WAV file in big-endian byte order (RIFX), which is not supported: convert it to RIFF."
            )
            raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)
        if head[:4] != b"RIFF" or len(head) < 12:
            return
        (size,) = struct.unpack_from("<I", head, 4)
        file.seek(8 + size + size % 2)
        after = file.read(12)
    if after[:4] == b"RIFF" and after[8:] == head[8:]:
        sentence = "The file holds several WAV files one after the other, and programs read only the first: join them."
        raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)


def check_flac(source: Path) -> None:
    """Raises PermanentError for FLAC files put one after the other: decoders lose some of what follows a joint."""
    with source.open("rb") as file:
        if file.read(4) != _FLAC:
            return
        seen = b""
        while block := file.read(_BLOCK):
            seen += block
            if any(head in seen for head in _FLAC_HEADS):
                sentence = (
                    "The file holds several FLAC files one after the other, and sound is lost at each joint: join them."
                )
                raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)
            seen = seen[1 - len(_FLAC_HEADS[0]) :]


def check_encryption(source: Path) -> None:
    """Raises PermanentError for an MP4 whose sample descriptions say that they are encrypted."""
    index = _box(source, b"moov")
    entries = [index[at + 4 : at + 64] for at in _occurrences(index, b"stsd")]
    if any(kind in entry for entry in entries for kind in _ENCRYPTED):
        sentence = "The file is encrypted (protected by DRM): without its key its sound cannot be decoded."
        raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)


def _box(source: Path, name: bytes) -> bytes:
    """The first top-level box of this type in an MP4 file; empty if there is none (ISO/IEC 14496-12, 4.2)."""
    size, at = source.stat().st_size, 0
    with source.open("rb") as file:
        while len(head := file.read(16)) >= 8:
            (length,) = struct.unpack_from(">I", head)
            if length == 1 and len(head) == 16:
                (length,) = struct.unpack_from(">Q", head, 8)
            length = length or size - at
            if head[4:8] == name:
                return file.read(min(length, _MAX_INDEX))
            if length < 8 or at + length >= size:
                return b""
            at += length
            file.seek(at)
    return b""


def _occurrences(data: bytes, word: bytes) -> list[int]:
    found: list[int] = []
    at = data.find(word)
    while at >= 0 and len(found) < 100:
        found.append(at)
        at = data.find(word, at + 1)
    return found
