"""The peak meter against its own definition, whatever the blocks."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from audioprep.activities.waveform.peaks import PeakMeter, to_json

Pair = tuple[float, float]


def by_definition(samples: list[int], rate: int) -> list[Pair]:
    """Window k holds the samples from round(k * rate / 50) up to round((k + 1) * rate / 50)."""

    def edge(k: int) -> int:
        return (2 * k * rate + 50) // 100

    pairs: list[Pair] = []
    k = 0
    while edge(k) < len(samples):
        window = samples[edge(k) : edge(k + 1)]
        if window:
            pairs.append((min(window) / 32768, max(window) / 32768))
        k += 1
    return pairs


def metered(samples: list[int], rate: int, cuts: list[int]) -> NDArray[np.float32]:
    meter = PeakMeter(rate)
    edges = [0, *sorted(cut % (len(samples) + 1) for cut in cuts), len(samples)]
    for begin, end in pairwise(edges):
        meter.add(np.array(samples[begin:end], dtype=np.int16))
    assert meter.samples == len(samples)
    return meter.pairs()


@pytest.mark.parametrize(
    ("samples", "rate", "pairs"),
    [
        ([], 100, []),
        ([16384], 100, [(0.5, 0.5)]),
        ([0, 16384], 100, [(0, 0.5)]),
        ([0, 16384, -32768], 100, [(0, 0.5), (-1, -1)]),
        ([1, 2, 3, 4], 50, [(n / 32768, n / 32768) for n in (1, 2, 3, 4)]),
        ([0] * 2205, 44100, [(0, 0)] * 3),
        # 220.5 samples a window: 221 and 220 in turn, so that a second has exactly fifty
        ([0] * 11025, 11025, [(0, 0)] * 50),
    ],
)
def test_the_pairs_of_known_samples(samples: list[int], rate: int, pairs: list[Pair]) -> None:
    assert metered(samples, rate, []).tolist() == [list(pair) for pair in pairs]


@given(
    samples=st.lists(st.integers(-32768, 32767), max_size=3000),
    rate=st.sampled_from([50, 51, 99, 8000, 11025, 22050, 44100, 48000, 96000]) | st.integers(50, 1000),
    cuts=st.lists(st.integers(0, 3000), max_size=12),
)
def test_any_split_into_blocks_gives_the_pairs_of_the_definition(
    samples: list[int], rate: int, cuts: list[int]
) -> None:
    pairs = metered(samples, rate, cuts)

    assert pairs.tolist() == [list(pair) for pair in by_definition(samples, rate)]


def test_the_file_is_a_flat_array_of_four_decimals() -> None:
    pairs = np.array([[-1, 1], [-0.333333, 0.00004]], dtype=np.float32)

    assert to_json(pairs) == b"[-1.0,1.0,-0.3333,0.0]"
    assert json.loads(to_json(np.empty((0, 2), dtype=np.float32))) == []
