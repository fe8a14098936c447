"""`peaks.dat` against the specification of its form, in arithmetic of its own.

https://github.com/bbc/audiowaveform/blob/master/doc/DataFormat.md
"""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from audioprep.activities.waveform.peaks_dat import SAMPLES_PER_PIXEL, DatMeter

RATE = 44100


def made(samples: NDArray[np.int16], cuts: list[int], *, split: bool) -> bytes:
    """The file of samples that come in blocks."""
    meter = DatMeter(RATE, samples.shape[1], split=split)
    for block in np.split(samples, sorted(cut % (len(samples) + 1) for cut in cuts)):
        meter.add(block)
    return meter.to_bytes()


def by_the_book(samples: NDArray[np.int16], *, split: bool) -> bytes:
    """As C computes it, one number after the other: quotients are cut towards zero."""
    rows = [[int(value) for value in row] for row in samples]
    heard = rows if split else [[int(sum(row) / len(row))] for row in rows]
    pixels = [heard[start : start + SAMPLES_PER_PIXEL] for start in range(0, len(heard), SAMPLES_PER_PIXEL)]
    channels = len(heard[0])
    data = [
        int(extreme(row[channel] for row in pixel) / 256)
        for pixel in pixels
        for channel in range(channels)
        for extreme in (min, max)
    ]
    header = struct.pack("<iIiiIi", 2, 1, RATE, SAMPLES_PER_PIXEL, len(pixels), channels)
    return header + struct.pack(f"{len(data)}b", *data)


@given(
    seed=st.integers(0, 10_000),
    frames=st.integers(1, 1100),
    channels=st.integers(1, 6),
    cuts=st.lists(st.integers(0, 2000), max_size=6),
    split=st.booleans(),
)
def test_it_is_what_the_specification_says(seed: int, frames: int, channels: int, cuts: list[int], split: bool) -> None:
    chance = np.random.default_rng(seed)
    samples = chance.integers(-32768, 32768, (frames, channels)).astype(np.int16)

    assert made(samples, cuts, split=split) == by_the_book(samples, split=split)


@pytest.mark.parametrize(
    ("sample", "pair"),
    [(-32768, -128), (32767, 127), (255, 0), (-255, 0), (-256, -1), (256, 1)],
)
def test_values_are_cut_towards_zero(sample: int, pair: int) -> None:
    samples = np.full((10, 1), sample, dtype=np.int16)

    assert made(samples, [], split=False)[24:] == struct.pack("2b", pair, pair)


def test_silence_of_no_length_is_a_header() -> None:
    assert DatMeter(RATE, 2).to_bytes() == struct.pack("<iIiiIi", 2, 1, RATE, SAMPLES_PER_PIXEL, 0, 1)


def test_channels_that_cancel_each_other_show_when_they_are_split() -> None:
    left = (np.arange(512) * 50 % 20000).astype(np.int16)
    samples = np.stack([left, -left], axis=1)

    assert set(made(samples, [], split=False)[24:]) == {0}
    assert max(made(samples, [], split=True)[24:]) > 0
