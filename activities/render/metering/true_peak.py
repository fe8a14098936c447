"""True peak (ITU-R BS.1770-4, annex 2) of a WAV file, by interpolation where it can matter only.

The interpolation filter bounds what lies between samples: a block whose samples are far enough below the highest value
found so far cannot hold a higher one. Each finer grid has a smaller bound, so few blocks are looked at most finely.

The filter is that of swresample, which ffmpeg's `ebur128=peak=true` uses: 32 taps, a Kaiser window, beta 9.
"""

import asyncio
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from audioprep.activities.render.metering.wav_file import WavFile

_Floats: TypeAlias = NDArray[np.float32]

_BLOCK: Final = 1024  # frames
_PIECE: Final = 512  # blocks that are read at once: 2 MB of stereo
_BATCH: Final = 64  # blocks that are interpolated at once; a batch stays in the processor's cache
_TAPS: Final = 32
_BETA: Final = 9.0
_BANDWIDTH: Final = 1.2  # of the filter, transition band included, in halves of the sample rate
_STEP: Final = 32  # samples by one row of the matrix product
_ROW: Final = _STEP + _TAPS - 1
_FINEST: Final = 16  # times the sample rate: the highest point is at most 0.04 dB above it


@dataclass(frozen=True, slots=True)
class _Grid:
    """Points between samples, as matrices that interpolate them, and by which factor they may pass a coarser grid."""

    matrices: _Floats
    bound: float


def _interpolation(phases: Sequence[float]) -> _Floats:
    """A matrix for each of `phases`: it takes _ROW samples to the points after each of the _STEP in their middle."""
    offsets = np.arange(_TAPS) - (_TAPS // 2 - 1)
    matrices = np.zeros((len(phases), _ROW, _STEP), dtype=np.float32)
    for number, phase in enumerate(phases):
        distance = offsets - phase
        window = np.i0(_BETA * np.sqrt(np.maximum(0, 1 - (distance / (_TAPS / 2)) ** 2))) / np.i0(_BETA)
        taps = np.sinc(distance) * window
        for sample in range(_STEP):
            matrices[number, sample : sample + _TAPS, sample] = taps / taps.sum()
    return matrices


def _grids() -> tuple[_Grid, ...]:
    """Half-way between samples, at the quarters, and at the sixteenths that are left.

    A function of limited bandwidth that is sampled n times as often as it must be is at most 1 / cos(pi / 2n) times as
    high between its samples (Ehlich and Zeller, 1964). The filter's transition band reaches beyond half the rate.
    """
    sixteenths = [n / _FINEST for n in range(1, _FINEST) if n % 4]
    half = _interpolation([0.5])
    largest = float(np.abs(half).sum(axis=1).max())  # 2.35: 7.4 dB
    return (
        _Grid(half, largest),
        _Grid(_interpolation([0.25, 0.75]), 1 / math.cos(_BANDWIDTH * math.pi / 4)),
        _Grid(_interpolation(sixteenths), 1 / math.cos(_BANDWIDTH * math.pi / 8)),
    )


_GRIDS: Final = _grids()


@dataclass(frozen=True, slots=True)
class Peaks:
    """Peaks of a file in dBFS and dBTP; None for digital silence."""

    sample: float | None
    true: float | None


async def peaks_of(wav: WavFile, keep_alive: Callable[[], None], floor: float = -math.inf) -> Peaks:
    """The highest sample and the true peak. `keep_alive` is called between pieces of some seconds.

    Of a true peak below `floor`, in dBTP, is only known that it is below: a lower value may be returned.
    """
    least = wav.full_scale * 10 ** (floor / 20)
    levels = []
    for start in range(0, _blocks_in(wav), _PIECE):
        levels.append(await asyncio.to_thread(_block_levels, wav, start))
        keep_alive()
    level = np.concatenate(levels)
    highest = sample = float(level.max(initial=0))
    for grid in _GRIDS:
        level = _with_neighbours(level)
        found = level.copy()
        # The loudest first: what they hold rules out most of the others.
        order = np.argsort(-level, kind="stable")
        for batch in _batches(order):
            batch = batch[level[batch] * grid.bound > max(highest, least)]
            if not len(batch):
                break
            found[batch] = np.maximum(found[batch], await asyncio.to_thread(_interpolated, wav, batch, grid))
            highest = max(highest, float(found[batch].max()))
            keep_alive()
        level = found
    return Peaks(_decibels(sample / wav.full_scale), _decibels(highest / wav.full_scale))


def _batches(order: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    return (order[start : start + _BATCH] for start in range(0, len(order), _BATCH))


def _with_neighbours(level: _Floats) -> _Floats:
    """Each block's level as the filter sees it, which reaches into the blocks beside it."""
    padded = np.pad(level, 1)
    return np.maximum(np.maximum(padded[:-2], padded[2:]), level)


def _blocks_in(wav: WavFile) -> int:
    return -(-wav.frames // _BLOCK)


def _block_levels(wav: WavFile, first: int) -> _Floats:
    """The highest magnitude of a sample in each of _PIECE blocks."""
    frames = min(_PIECE * _BLOCK, wav.frames - first * _BLOCK)
    samples = np.zeros((-(-frames // _BLOCK), _BLOCK * wav.channels), dtype=wav.sample)
    samples.reshape(-1)[: frames * wav.channels] = wav.read(first * _BLOCK, frames).reshape(-1)
    highest, lowest = samples.max(axis=1).astype(np.float32), samples.min(axis=1).astype(np.float32)
    levels: _Floats = np.maximum(highest, -lowest)
    return levels


def _interpolated(wav: WavFile, blocks: NDArray[np.intp], grid: _Grid) -> _Floats:
    """The highest magnitude at the grid's points of each block, of all channels."""
    windows = np.stack([_window(wav, int(block)) for block in blocks])
    rows = np.lib.stride_tricks.sliding_window_view(windows, _ROW, axis=2)[:, :, ::_STEP]
    each = np.ascontiguousarray(rows).reshape(len(blocks), -1, _ROW)
    highest: _Floats = np.zeros(len(blocks), dtype=np.float32)
    for matrix in grid.matrices:
        # One product for each block: so small that BLAS starts no threads of its own for it.
        points = each @ matrix
        np.maximum(highest, np.maximum(points.max(axis=(1, 2)), -points.min(axis=(1, 2))), out=highest)
    return highest


def _window(wav: WavFile, block: int) -> _Floats:
    """Shape (channels, frames): a block and what the filter needs before and after it, silence outside the file."""
    before, after = _TAPS // 2 - 1, _TAPS // 2
    first, last = block * _BLOCK - before, (block + 1) * _BLOCK + after
    window = np.zeros((wav.channels, last - first), dtype=np.float32)
    begin, end = max(first, 0), min(last, wav.frames)
    window[:, begin - first : end - first] = wav.read(begin, end - begin).T
    return window


def _decibels(level: float) -> float | None:
    return 20 * math.log10(level) if level > 0 else None
