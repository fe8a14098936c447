"""WAV files as they are on disk: where the samples are, and how many, whatever the header promises."""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

_RIFF_HEADER: Final = 12  # bytes: "RIFF", size, "WAVE"
_CHUNK_HEADER: Final = struct.Struct("<4sI")
_FORMAT: Final = struct.Struct("<HHIIHH")  # tag, channels, rate, bytes per second, bytes per frame, bits per sample
_SUB_FORMAT: Final = 24  # where the extensible form has its tag
_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
# By tag and bits per sample: the samples as they are read, and what full scale is in them.
_SAMPLES: Final[dict[tuple[int, int], tuple[np.dtype[Any], float]]] = {
    (_PCM, 16): (np.dtype("<i2"), 2.0**15),
    (_PCM, 24): (np.dtype("<i4"), 2.0**31),
    (_FLOAT, 32): (np.dtype("<f4"), 1.0),
}


@dataclass(frozen=True, slots=True)
class WavFile:
    """The samples of an open WAV file. `frames` are those that are in it whole."""

    descriptor: int
    start: int
    frames: int
    channels: int
    bits: int
    tag: int = _PCM

    @property
    def sample(self) -> np.dtype[Any]:
        """The type of the samples that `read` returns. Raises ValueError for samples that are not read here."""
        return self._form[0]

    @property
    def full_scale(self) -> float:
        """The magnitude of 0 dBFS in samples that `read` returns."""
        return self._form[1]

    @property
    def _form(self) -> tuple[np.dtype[Any], float]:
        if (self.tag, self.bits) not in _SAMPLES:
            raise ValueError(f"it has samples of {self.bits} bits")
        return _SAMPLES[self.tag, self.bits]

    def read(self, first: int, frames: int) -> NDArray[Any]:
        """Samples, shape (frames, channels). Raises ValueError for unknown ones, and if the file is shorter by now."""
        sample, size = self.sample, self.channels * self.bits // 8
        data = os.pread(self.descriptor, frames * size, self.start + first * size)
        samples: NDArray[Any]
        if sample.kind == "f":  # infinities, and what is no number, become full scale, as in files of integers
            raw, full = np.frombuffer(data, dtype=sample), self.full_scale
            samples = np.nan_to_num(raw, nan=full, posinf=full, neginf=-full)
        elif self.bits == 8 * sample.itemsize:
            samples = np.frombuffer(data, dtype=sample)
        else:
            samples = _widened(data, self.bits // 8, sample)
        return samples.reshape(frames, self.channels)


def _widened(data: bytes, width: int, sample: np.dtype[Any]) -> NDArray[Any]:
    """Samples of `width` bytes as the upper bytes of a wider type."""
    packed = np.frombuffer(data, dtype=np.uint8).reshape(-1, width)
    padded = np.zeros((len(packed), sample.itemsize), dtype=np.uint8)
    padded[:, sample.itemsize - width :] = packed
    return padded.reshape(-1).view(sample)


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
    channels = frame = bits = tag = 0
    while len(header := file.read(_CHUNK_HEADER.size)) == _CHUNK_HEADER.size:
        name, length = _CHUNK_HEADER.unpack(header)
        start = file.tell()
        if name == b"fmt ":
            form = file.read(length)
            tag, channels, _, _, frame, bits = _FORMAT.unpack_from(form)
            if tag == _EXTENSIBLE:
                tag = int.from_bytes(form[_SUB_FORMAT : _SUB_FORMAT + 2], "little")
        elif name == b"data" and frame:
            return WavFile(file.fileno(), start, int(min(length, size - start) // frame), channels, bits, tag)
        file.seek(start + length + length % 2)
    raise ValueError("it has no sound")
