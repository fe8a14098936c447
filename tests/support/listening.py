"""What a file sounds like, told by programs that are not ours: ffmpeg's meters, and numpy on the decoded samples."""

import re
import struct
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Heard:
    integrated: float  # LUFS
    true_peak: float  # dBTP


def loudness_of(file: Path, rate: int | None = None) -> Heard:
    """Integrated loudness and true peak as ffmpeg's ebur128 prints them, of the file resampled if there is a `rate`."""
    resample = f"aresample={rate}," if rate else ""
    command = ["ffmpeg", "-nostdin", "-nostats", "-hide_banner", "-i", file]
    said = _run(*command, "-af", f"{resample}ebur128=peak=true:framelog=verbose", "-f", "null", "-").stderr.decode()
    integrated = re.findall(r"I:\s+(\S+) LUFS", said)[-1]
    return Heard(float(integrated), float(re.findall(r"Peak:\s+(\S+) dBFS", said)[-1]))


def samples_of(file: Path) -> Samples:
    """Decoded samples in -1..1, shape (frames, channels), at the file's own rate."""
    channels = int(stream_of(file)["channels"])
    raw = _run("ffmpeg", "-nostdin", "-v", "error", "-i", file, "-f", "f64le", "-").stdout
    return np.frombuffer(raw, dtype="<f8").reshape(-1, channels)


def stream_of(file: Path) -> dict[str, Any]:
    """ffprobe's fields of the first stream."""
    show = ["-show_entries", "stream=codec_name,sample_rate,channels,bit_rate", "-of", "default=nw=1"]
    lines = _run("ffprobe", "-v", "error", *show, file).stdout.decode().splitlines()
    return dict(line.split("=", 1) for line in lines)


def pitch_of(samples: Samples, rate: int) -> float:
    """Hertz of the strongest tone of the first channel."""
    mono = samples[:, 0] * np.hanning(len(samples))
    return float(np.argmax(np.abs(np.fft.rfft(mono))) * rate / len(mono))


def rms_of(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def write_wav(file: Path, samples: Samples, rate: int) -> Path:
    """16-bit WAV of samples in -1..1, shape (frames,) or (frames, channels)."""
    data = samples.reshape(len(samples), -1)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(data.shape[1])
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((np.clip(data, -1, 1) * 32767).round().astype("<i2").tobytes())
    return file


def write_float_wav(file: Path, samples: Samples, rate: int) -> Path:
    """WAV of 32-bit floats, shape (frames, channels), whatever they are."""
    data, channels = samples.astype("<f4").tobytes(), samples.shape[1]
    form = struct.pack("<IHHIIHH", 16, 3, channels, rate, rate * channels * 4, channels * 4, 32)
    chunks = b"WAVEfmt " + form + b"data" + struct.pack("<I", len(data)) + data
    file.write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)
    return file


def tone(seconds: float, rate: int, hertz: float = 440.0, level: float = 0.5) -> Samples:
    return np.asarray(level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate))


def _run(*command: str | Path) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=120)
