"""Programmes of a corpus: like speech, like music, dynamic, clipped, silent, short, and with peaks between samples."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from tests.support.listening import Samples, tone
from tests.support.programmes import RATE, bursts, clicks

SECONDS = 8.0

Programme = Callable[[], Samples]


def speech(level: float, seed: int, pause: float = 0.3) -> Samples:
    """Syllables of a voice's pitch with overtones, four a second, and pauses between sentences."""
    random = np.random.default_rng(seed)
    times = np.arange(round(SECONDS * RATE)) / RATE
    pitch = 110 + 40 * np.sin(2 * np.pi * 0.4 * times + seed)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    voice = sum(np.sin(phase * order) / order for order in range(1, 16))
    syllables = np.clip(np.sin(2 * np.pi * 4 * times), 0, 1) ** 0.5
    sentences = (times % 2.5) > 2.5 * pause
    breath = random.normal(0, 0.02, len(times))
    return np.asarray(level * (voice * syllables * sentences / 2 + breath * sentences))


def music(level: float, seed: int, beat: float = 2.0) -> Samples:
    """A chord in stereo with a drum on each beat."""
    random = np.random.default_rng(seed)
    times = np.arange(round(SECONDS * RATE)) / RATE
    hertz = random.choice([110, 146.8, 164.8, 220, 277.2, 329.6, 440, 659.3], 4, replace=False)
    sides = [sum(np.sin(2 * np.pi * tune * times + side) for tune in hertz) / 4 for side in (0.0, 0.7)]
    decay = np.exp(-12 * (times % (1 / beat)))
    drum = random.normal(0, 0.6, len(times)) * decay
    return np.asarray(level * np.stack([side + drum for side in sides], axis=1))


def swelling(low: float, high: float) -> Samples:
    """Noise that swells from one level to another: a range of up to 60 dB."""
    steps = np.linspace(np.log(low), np.log(high), round(SECONDS * RATE))
    return np.asarray(np.random.default_rng(3).normal(0, 0.3, (len(steps), 2)) * np.exp(steps)[:, None])


def clipped(sound: Samples, gain: float) -> Samples:
    return np.asarray(np.clip(sound * gain, -1, 1))


def quarter_tone(offset: float, level: float = 0.99) -> Samples:
    """A tone at a quarter of the rate in bursts: its true peak is up to 3 dB above its samples, by its phase."""
    steps = np.arange(round(SECONDS * RATE))
    burst = np.where((steps % RATE) < RATE // 20, level, 0.03)
    return np.asarray(burst * np.sin(np.pi / 2 * steps + offset))


def sparse(share: float, level: float) -> Samples:
    """Full silence but for a share of the time at the end: gates are for these."""
    sound = np.random.default_rng(5).normal(0, level, round(SECONDS * RATE))
    sound[: round(len(sound) * (1 - share))] = 0
    return np.asarray(sound)


def squares(hertz: float, level: float) -> Samples:
    return np.asarray(level * np.sign(tone(SECONDS, RATE, hertz, 1.0)))


def one_sided(level: float) -> Samples:
    """Sound on the left alone."""
    left = speech(level, 9)
    return np.stack([left, np.zeros_like(left)], axis=1)


def inverted(level: float) -> Samples:
    """Left and right cancel each other."""
    left = music(level, 4)[:, 0]
    return np.stack([left, -left], axis=1)


def short(seconds: float, level: float) -> Samples:
    return tone(seconds, RATE, level=level)


CORPUS: Mapping[str, Programme] = {
    **{
        f"speech at {level:g}, voice {seed}": partial(speech, level, seed)
        for level in (0.02, 0.2, 0.6)
        for seed in (1, 2)
    },
    "speech with long pauses": partial(speech, 0.3, 5, 0.7),
    "speech on one side": partial(one_sided, 0.4),
    **{
        f"music at {level:g}, chord {seed}": partial(music, level, seed)
        for level in (0.03, 0.3, 0.8)
        for seed in (1, 2)
    },
    "music, a fast beat": partial(music, 0.5, 3, 6.0),
    "music, phase-inverted": partial(inverted, 0.5),
    "music, clipped by 6 dB": lambda: clipped(music(0.8, 6), 2.0),
    "music, clipped by 20 dB": lambda: clipped(music(0.8, 7), 10.0),
    "speech, clipped by 12 dB": lambda: clipped(speech(0.8, 6), 4.0),
    "noise that swells by 20 dB": partial(swelling, 0.1, 1.0),
    "noise that swells by 60 dB": partial(swelling, 0.001, 1.0),
    "noise that fades by 40 dB": partial(swelling, 1.0, 0.01),
    "bursts 40 dB above the rest": partial(bursts, SECONDS),
    "clicks in silence": partial(clicks, SECONDS),
    **{
        f"between samples, {degrees} degrees": partial(quarter_tone, np.radians(degrees))
        for degrees in (15, 30, 45, 60)
    },
    "between samples, quiet": partial(quarter_tone, np.radians(45), 0.2),
    "a square wave of 100 Hz": partial(squares, 100, 0.9),
    "a square wave of 5 kHz": partial(squares, 5000, 0.9),
    "a tone of 30 Hz": lambda: tone(SECONDS, RATE, 30, 0.9),
    "a tone of 19 kHz": lambda: tone(SECONDS, RATE, 19_000, 0.9),
    "a tenth of it sounds": partial(sparse, 0.1, 0.2),
    "half of it sounds": partial(sparse, 0.5, 0.05),
    "one second": partial(short, 1.0, 0.4),
    "half a second, quiet": partial(short, 0.5, 0.01),
    "half a second, full scale": partial(short, 0.5, 0.999),
    "three seconds, barely audible": partial(short, 3.0, 0.0008),
    "silence": lambda: np.zeros((round(SECONDS * RATE), 2)),
}
