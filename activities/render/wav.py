"""How long a WAV file really is."""

import struct
from pathlib import Path

_RIFF_HEADER = 12  # bytes: "RIFF", size, "WAVE"
_CHUNK_HEADER = struct.Struct("<4sI")
_BLOCK_ALIGN = 12  # offset of the 16-bit bytes-per-frame in the `fmt ` chunk, in every WAV variant


def wav_frames(path: Path) -> int:
    """Whole frames that are in the file, whatever its header promises. Raises ValueError when it is no WAV file.

    Not Python's `wave`: before 3.12 it refuses the extensible form, which ffmpeg writes above 48 kHz.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        riff = file.read(_RIFF_HEADER)
        if riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
            raise ValueError("it has no RIFF header")
        block = 0
        while len(header := file.read(_CHUNK_HEADER.size)) == _CHUNK_HEADER.size:
            name, length = _CHUNK_HEADER.unpack(header)
            start = file.tell()
            if name == b"fmt ":
                (block,) = struct.unpack_from("<H", file.read(length), _BLOCK_ALIGN)
            elif name == b"data" and block:
                return int(min(length, size - start) // block)
            file.seek(start + length + length % 2)
    raise ValueError("it has no sound")
