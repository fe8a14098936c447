"""A made-up recording whose outline shows something."""

import wave
from pathlib import Path
from typing import Final

import numpy as np

_RATE: Final = 44100
SECONDS: Final = 240


def make_recording(path: Path, repeats: int = 1) -> None:
    """A stereo WAV whose loudness swells and falls; four minutes, `repeats` times."""
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(_RATE * SECONDS, dtype=np.float32) / _RATE
    swell = 0.5 + 0.45 * np.sin(2 * np.pi * time / 30) * np.sin(2 * np.pi * time / 7)
    left = swell * np.sin(2 * np.pi * 220 * time)
    right = swell * np.sin(2 * np.pi * 330 * time)
    samples = (np.stack([left, right], axis=1) * 32767).astype("<i2").tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        for _ in range(repeats):
            file.writeframes(samples)
