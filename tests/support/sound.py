"""Sound of known samples: made by numpy, encoded by ffmpeg, and decoded again without any of our code."""

import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]  # shape (samples, channels), -1..1


def chord(seconds: float, rate: int, channels: int) -> Sound:
    """Another pitch and loudness in every channel, swelling and falling, so that a mix-up of any kind shows."""
    time = np.arange(round(seconds * rate)) / rate
    swell = 0.55 + 0.4 * np.sin(2 * np.pi * 1.3 * time)
    tones = [np.sin(2 * np.pi * (190 + 137 * n) * time) * swell * (1 - n / (2 * channels)) for n in range(channels)]
    return np.stack(tones, axis=1).astype(np.float32) * np.float32(0.8)


def encode(path: Path, sound: Sound, rate: int, *options: str) -> Path:
    """Write `sound` in the format of the path's extension and of `options`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = ["-f", "f32le", "-ar", str(rate), "-ac", str(sound.shape[1]), "-i", "pipe:0"]
    argv = ["ffmpeg", "-v", "error", "-y", *raw, *options, f"file:{path}"]
    subprocess.run(argv, input=sound.tobytes(), check=True, timeout=60)
    return path


@dataclass(frozen=True)
class Reference:
    """What the first audio stream of a file holds."""

    sound: Sound
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.sound) / self.rate

    def peaks(self) -> NDArray[np.float64]:
        """(min, max) of all channels, fifty times a second."""
        sound = np.clip(self.sound.astype(np.float64), -1, 1)
        count = -(-len(sound) * 50 // self.rate)
        edges = np.floor(np.arange(count + 1) * self.rate / 50 + 0.5).astype(int)
        windows = [sound[a:b] for a, b in pairwise(edges) if len(sound[a:b])]
        return np.array([(window.min(), window.max()) for window in windows])


def decode(path: Path, rate: int, channels: int) -> Reference:
    """By ffmpeg's own defaults, to samples as they are."""
    argv = ["ffmpeg", "-v", "quiet", "-i", f"file:{path}", "-map", "0:a:0", "-f", "f32le", "pipe:1"]
    raw = subprocess.run(argv, stdout=subprocess.PIPE, timeout=60, check=False).stdout
    return Reference(np.frombuffer(raw, dtype="<f4").reshape(-1, channels), rate)
