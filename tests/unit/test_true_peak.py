"""True peak of a WAV file: what is left out must not matter."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audioprep.activities.render.metering.true_peak import Peaks, peaks_of
from audioprep.activities.render.metering.wav_file import open_wav
from tests.support.listening import Samples, write_wav

RATE = 44100
_FADE = 80  # samples


def _peaks(path: Path, sound: Samples, floor: float = -200) -> Peaks:
    with open_wav(write_wav(path, sound, RATE)) as wav:
        return asyncio.run(peaks_of(wav, lambda: None, floor))


def _decibels(level: float) -> float:
    return float(20 * np.log10(level))


def _interpolated(sound: Samples) -> float:
    """The ideal interpolation, of the sound with silence around it, at 32 points for each sample."""
    quiet = np.pad(sound, ((512, 512), (0, 0)))
    points = np.fft.irfft(np.fft.rfft(quiet, axis=0), 32 * len(quiet), axis=0) * 32
    return _decibels(float(np.abs(points).max()))


def _band_limited(seed: int, cutoff: float, frames: int, level: float) -> Samples:
    """Noise without what lies above `cutoff`, a share of the sample rate, swelling so that blocks differ.

    It fades in and out: a sound that is cut off has no limited bandwidth, and the ideal interpolation rings there.
    """
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=(frames, 2)), axis=0)
    spectrum[round(cutoff * frames) :] = 0
    sound = np.fft.irfft(spectrum, frames, axis=0)
    swell = 0.05 + np.abs(np.sin(np.arange(frames) / 3000 + seed))[:, None]
    fade = np.hanning(2 * _FADE)
    swell[:_FADE, 0] *= fade[:_FADE]
    swell[-_FADE:, 0] *= fade[_FADE:]
    return np.asarray(sound * swell / np.abs(sound * swell).max() * level)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.02, 0.38), st.integers(200, 9000))
def test_every_block_that_matters_is_interpolated(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cutoff: float, frames: int
) -> None:
    sound = _band_limited(seed, cutoff, frames, 0.5)

    found = _peaks(tmp_path_factory.mktemp("wav") / "sound.wav", sound)

    assert found.true == pytest.approx(_interpolated(sound), abs=0.05)


@pytest.mark.parametrize("hertz", [997, 5512.5, 11025, 14700])
@pytest.mark.parametrize("phase", [0, 0.3, np.pi / 4])
def test_the_peak_of_a_tone_is_its_amplitude(tmp_path: Path, hertz: float, phase: float) -> None:
    steps = np.arange(RATE // 2)
    sound = 0.5 * np.sin(2 * np.pi * hertz * steps / RATE + phase) * np.hanning(len(steps))

    found = _peaks(tmp_path / "tone.wav", sound)

    assert found.true == pytest.approx(_decibels(0.5), abs=0.06)


def test_a_peak_at_the_border_of_two_blocks_is_found(tmp_path: Path) -> None:
    sound = np.zeros(4096)
    sound[1023:1025] = 0.5

    found = _peaks(tmp_path / "border.wav", sound)

    assert found.sample == pytest.approx(_decibels(0.5), abs=0.01)
    assert found.true == pytest.approx(_decibels(0.5 * 4 / np.pi), abs=0.06)


def test_below_the_floor_a_lower_value_may_stand(tmp_path: Path) -> None:
    sound = np.zeros(4096)
    sound[1023:1025] = 0.5

    found = _peaks(tmp_path / "floor.wav", sound, floor=2)

    assert found.true == found.sample


def test_silence_has_no_peak(tmp_path: Path) -> None:
    assert _peaks(tmp_path / "silence.wav", np.zeros(5000)) == Peaks(None, None)


def test_the_lowest_sample_counts_in_full(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "low.wav", np.zeros(3000), RATE)
    data = bytearray(path.read_bytes())
    data[-1000:-998] = (-32768).to_bytes(2, "little", signed=True)
    path.write_bytes(data)

    with open_wav(path) as wav:
        found = asyncio.run(peaks_of(wav, lambda: None))

    assert found.sample == 0
