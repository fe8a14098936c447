"""Silence at the ends of a recording: what is proposed never takes sound away."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from audioprep.activities.waveform.peaks import PeakMeter
from audioprep.activities.waveform.silent_ends import silent_ends
from audioprep.jobs.types.silence import SilentEnd, SilentEnds

RATE = 8000


def _found(*parts: tuple[float, float]) -> SilentEnds | None:
    """Of noise in parts of some seconds, each at a level in dBFS."""
    chance = np.random.default_rng(3)
    sound = np.concatenate([_noise(chance, seconds, level) for seconds, level in parts])
    meter = PeakMeter(RATE)
    meter.add(sound)
    return silent_ends(meter.pairs(), meter.seconds)


def _noise(chance: np.random.Generator, seconds: float, level: float) -> NDArray[np.int16]:
    wide = chance.uniform(-1, 1, round(seconds * RATE))
    return np.asarray((wide * 32767 * 10 ** (level / 20)).round(), dtype=np.int16)


def test_both_ends_are_found_with_their_level() -> None:
    found = _found((1.5, -60), (4, -6), (2, -70))

    assert found is not None
    assert found.threshold == -51.0
    assert found.start is not None
    assert found.end is not None
    assert (found.start.start_time, found.start.end_time) == (0, 1.4)
    assert (found.end.start_time, found.end.end_time) == (5.8, 7.5)
    assert (found.start.level, found.end.level) == (pytest.approx(-60, abs=0.3), pytest.approx(-70, abs=0.6))


def test_digital_silence_has_no_level() -> None:
    found = _found((1, -200), (2, -6))

    assert found is not None
    assert found.start == SilentEnd(start_time=0, end_time=0.9)
    assert found.end is None
    assert found.model_dump(exclude_none=True, by_alias=True)["start"] == {"startTime": 0, "endTime": 0.9}


@pytest.mark.parametrize(
    "parts",
    [[(3, -200)], [(3, -6)], [(0.25, -200), (2, -6), (0.4, -200)], [(0, 0)], [(2, -30), (2, -6)]],
    ids=["all silent", "all sound", "too short to matter", "empty", "a quiet beginning, which is no silence"],
)
def test_nothing_is_proposed(parts: list[tuple[float, float]]) -> None:
    assert _found(*parts) is None


def test_a_quiet_recording_is_held_against_its_own_level() -> None:
    found = _found((1, -80), (2, -30), (1, -62))

    assert found is not None
    assert found.threshold == -65.0
    assert found.start is not None
    assert found.end is None


@given(st.lists(st.tuples(st.floats(0, 2), st.sampled_from([-200.0, -70, -55, -40, -20, -3])), min_size=1, max_size=6))
def test_no_sound_is_within_what_is_proposed(parts: list[tuple[float, float]]) -> None:
    found = _found(*parts)
    if found is None:
        return
    at, total = 0.0, sum(round(seconds * RATE) for seconds, _ in parts) / RATE
    for seconds, level in parts:
        begin, at = at, at + round(seconds * RATE) / RATE
        if level > found.threshold and at > begin:
            assert found.start is None or found.start.end_time <= begin + 0.02
            assert found.end is None or found.end.start_time >= at - 0.02
    for stretch in filter(None, (found.start, found.end)):
        assert 0 <= stretch.start_time < stretch.end_time <= total + 1e-6
        assert stretch.level is None or stretch.level <= found.threshold
