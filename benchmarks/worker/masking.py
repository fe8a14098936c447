"""Noise-to-mask ratio: how far the error of an encoding is above or below what the sound itself masks.

After the objective measure of perceived quality in ITU-R BS.1387 (PEAQ), simplified: spectra of 2,048 samples, bands of
half a Bark, one spreading function, no ear model below. Good for comparing two encodings of one sound, not as a grade.
"""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.worker.save_set import RATE

_WINDOW, _HOP = 2048, 1024  # samples
_LOWEST, _HIGHEST, _WIDTH = 80, 16_000, 0.5  # hertz, hertz, Bark
_DOWN, _UP = 27.0, 14.0  # dB per Bark that a masker reaches below and above itself
_QUIET = 1e-2  # power of a spectrum below which nothing is there to mask

Samples = NDArray[np.float64]


def noise_to_mask(reference: Path, encoded: Path) -> float:
    """dB, the mean over time and bands; lower is better."""
    sound, heard = _decoded(reference), _decoded(encoded)
    length = min(len(sound), len(heard))
    ratios = [_ratios(sound[:length, side], heard[:length, side]) for side in range(2)]
    return float(10 * np.log10(np.concatenate(ratios).mean()))


def _ratios(sound: Samples, heard: Samples) -> Samples:
    bands, spread, offset = _bands()
    original, error = _spectrum(sound), _spectrum(sound - heard)
    power = original @ bands
    mask = power @ spread * offset + 1e-3
    there = power.sum(axis=1) > _QUIET
    ratios: Samples = ((error @ bands) / mask)[there]
    return ratios


def _spectrum(sound: Samples) -> Samples:
    frames = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::_HOP] * np.hanning(_WINDOW)
    power: Samples = np.abs(np.fft.rfft(frames)) ** 2
    return power


def _bands() -> tuple[Samples, Samples, Samples]:
    """The bands as columns, how much of each band's power masks each other one, and by how much a mask is lower."""
    bark = _bark(np.fft.rfftfreq(_WINDOW, 1 / RATE))
    edges = np.arange(float(_bark(np.array(_LOWEST))), float(_bark(np.array(_HIGHEST))), _WIDTH)
    number = np.digitize(bark, edges) - 1
    bands = (number[:, None] == np.arange(len(edges) - 1)).astype(float)
    centre = (edges[:-1] + edges[1:]) / 2
    apart = centre[None, :] - centre[:, None]
    spread = 10 ** (np.where(apart < 0, _DOWN * apart, -_UP * apart) / 10)
    return bands, spread, 10 ** (-np.maximum(3.0, 0.25 * centre) / 10)


def _bark(hertz: NDArray[np.floating[Any]]) -> Samples:
    return np.asarray(7 * np.arcsinh(hertz / 650))


def _decoded(file: Path) -> Samples:
    command = ["ffmpeg", "-v", "error", "-i", str(file), "-f", "f32le", "-ar", str(RATE), "-ac", "2", "pipe:1"]
    raw = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=120).stdout
    return np.frombuffer(raw, dtype="<f4").reshape(-1, 2).astype(np.float64)
