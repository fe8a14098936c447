"""Programmes that are hard to bring to a loudness, each as stereo or mono samples."""

from collections.abc import Callable

import numpy as np

from tests.support.listening import Samples, tone

RATE = 44100


def noise(seconds: float, level: float) -> Samples:
    return np.random.default_rng(7).normal(0, level, (round(seconds * RATE), 2)).clip(-1, 1)


def bursts(seconds: float = 10) -> Samples:
    """A whisper with a loud burst of 30 ms every two seconds: peaks 40 dB above the rest."""
    sound = noise(seconds, 0.003)
    for start in range(0, len(sound), 2 * RATE):
        sound[start : start + RATE * 30 // 1000] *= 120
    return sound.clip(-1, 1)


def clicks(seconds: float = 10) -> Samples:
    """Single samples at full scale in silence: no gain brings this to a target under a ceiling."""
    sound = np.zeros(round(seconds * RATE))
    sound[RATE // 2 :: RATE] = 0.9
    return sound


def between_samples(seconds: float = 5) -> Samples:
    """A tone at a quarter of the rate, 45 degrees off: its true peak is 3 dB above its samples."""
    steps = np.arange(round(seconds * RATE))
    burst = (steps % RATE) < RATE // 20
    return np.asarray(np.where(burst, 0.99, 0.05) * np.sin(np.pi / 2 * steps + np.pi / 4))


PROGRAMMES: dict[str, Callable[[], Samples]] = {
    "quiet": lambda: noise(5, 0.0006),
    "loud": lambda: noise(5, 0.5),
    "very dynamic": bursts,
    "one second": lambda: tone(1, RATE),
    "half a second": lambda: tone(0.5, RATE, level=0.01),
    "peaks between samples": between_samples,
}
