"""WAV files as they are on disk: where the samples are, and how many, whatever the header promises."""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

_RIFF_HEADER: Final = 12  # bytes: "RIFF", size, "WAVE"
_CHUNK_HEADER: Final = struct.Struct("<4sI")
_FORMAT: Final = struct.Struct("<HHIIHH")  # tag, channels, rate, bytes per second, bytes per frame, bits per sample
_SAMPLE: Final = np.dtype("<i2")


@dataclass(frozen=True, slots=True)
class WavFile:
    """The samples of an open WAV file. `frames` are those that are in it whole."""

    descriptor: int
    start: int
    frames: int
    channels: int
    bits: int

    def read(self, first: int, frames: int) -> NDArray[np.int16]:
        """16-bit samples, shape (frames, channels). Raises ValueError for others, and if the file is shorter by now."""
        if self.bits != 8 * _SAMPLE.itemsize:
            raise ValueError(f"it has samples of {self.bits} bits")
        size = self.channels * _SAMPLE.itemsize
        data = os.pread(self.descriptor, frames * size, self.start + first * size)
        return np.frombuffer(data, dtype=_SAMPLE).reshape(frames, self.channels)


@contextmanager
def open_wav(path: Path) -> Iterator[WavFile]:
    """Raises ValueError if it is no WAV file.

    Not Python's `wave`: before 3.12 it refuses the extensible form, which ffmpeg writes above 48 kHz.
    """
    with path.open("rb") as file:
        yield _parse(file, path.stat().st_size)


def _parse(file: BinaryIO, size: int) -> WavFile:
    riff = file.read(_RIFF_HEADER)
    if riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
        raise ValueError("it has no RIFF header")
    channels = frame = bits = 0
    while len(header := file.read(_CHUNK_HEADER.size)) == _CHUNK_HEADER.size:
        name, length = _CHUNK_HEADER.unpack(header)
        start = file.tell()
        if name == b"fmt ":
            _, channels, _, _, frame, bits = _FORMAT.unpack_from(file.read(length))
        elif name == b"data" and frame:
            return WavFile(file.fileno(), start, int(min(length, size - start) // frame), channels, bits)
        file.seek(start + length + length % 2)
    raise ValueError("it has no sound")
