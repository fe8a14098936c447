"""A tone that rises steadily: any short piece of it tells by its pitch where it was cut from. Made by numpy alone."""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.support.listening import Samples

_START, _RISE = 300.0, 50.0  # hertz, and hertz a second
_LEVEL = 0.4
_WINDOW = 0.2  # seconds that are listened to
LAYOUT_GUID = bytes.fromhex("0100000000001000800000aa00389b71")  # of PCM, in a WAVE_FORMAT_EXTENSIBLE


def sweep(begin: float, end: float, rate: int) -> Samples:
    """The tone between two times, in -1..1. Pieces that follow each other join without a step in the phase."""
    time = np.arange(round(begin * rate), round(end * rate)) / rate
    return np.asarray(_LEVEL * np.sin(2 * np.pi * (_START * time + _RISE / 2 * time**2)))


def place_of(samples: Samples, rate: int) -> float:
    """Where the middle of some samples is in the sweep, in seconds; -1 for silence. Right within 0.01 s."""
    loudest = samples[:, int(np.argmax(np.abs(samples).max(axis=0)))] if samples.ndim > 1 else samples
    half = round(_WINDOW * rate / 2)
    piece = loudest[len(loudest) // 2 - half : len(loudest) // 2 + half]
    if np.sqrt(np.mean(piece**2)) < 0.003:
        return -1.0
    # The instantaneous frequency in the middle: the slope of the phase, left of it and right of it alike.
    spectrum = np.fft.fft(piece * np.hanning(len(piece)))
    spectrum[len(piece) // 2 :] = 0
    phase = np.unwrap(np.angle(np.fft.ifft(spectrum)))
    quarter = len(piece) // 4
    slope = np.polyfit(np.arange(2 * quarter), phase[quarter : 3 * quarter], 1)[0]
    return float((slope * rate / (2 * np.pi) - _START) / _RISE)


def wav(path: Path, columns: Sequence[Samples] | NDArray[np.float64], rate: int, mask: int | None = None) -> Path:
    """A 16-bit WAV file of some channels; with a `mask` in the extensible form, which names the speakers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = (np.clip(np.stack(list(columns), axis=1), -1, 1) * 32767).round().astype("<i2")
    channels = data.shape[1]
    form = struct.pack("<HHIIHH", 1 if mask is None else 0xFFFE, channels, rate, rate * channels * 2, channels * 2, 16)
    if mask is not None:
        form += struct.pack("<HHI", 22, 16, mask) + LAYOUT_GUID
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", data.nbytes) + data.tobytes()
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def wav_of_sweep(path: Path, begin: float, end: float, rate: int, channels: int = 2) -> Path:
    return wav(path, [sweep(begin, end, rate)] * channels, rate)
