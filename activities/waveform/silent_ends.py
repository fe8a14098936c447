"""Silence at the ends of a recording, found in its peaks. Pure.

A person may move the cut, so it errs on the side of the sound: a window counts as sound as soon as one sample of one
channel is above the threshold, and some time around the sound is left.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audioprep.activities.waveform.peaks import PAIRS_PER_SECOND
from audioprep.jobs.types.silence import SilentEnd, SilentEnds

_BELOW_PEAK: Final = 45.0  # dB from the loudest sample to what counts as silence: the noise of a quiet room
_LOWEST, _HIGHEST = -65.0, -45.0  # dBFS of the threshold
_BEFORE, _AFTER = 0.1, 0.3  # seconds that stay before the first and after the last sound: a breath, and reverberation
_SHORTEST: Final = 0.2  # seconds of a stretch that is worth a proposal


def silent_ends(pairs: NDArray[np.float32], seconds: float) -> SilentEnds | None:
    """None where nothing is to be proposed: also for a recording that is silent from end to end."""
    levels = np.maximum(-pairs[:, 0], pairs[:, 1])
    loudest = _decibels(float(levels.max(initial=0)))
    if loudest is None:
        return None
    threshold = round(min(max(loudest - _BELOW_PEAK, _LOWEST), _HIGHEST), 1)
    sounding = np.flatnonzero(levels > 10 ** (threshold / 20))
    if not len(sounding):
        return None
    first = float(sounding[0]) / PAIRS_PER_SECOND - _BEFORE
    last = float(sounding[-1] + 1) / PAIRS_PER_SECOND + _AFTER
    start, end = _stretch(levels, 0.0, first), _stretch(levels, last, seconds)
    return SilentEnds(threshold=threshold, start=start, end=end) if start or end else None


def _stretch(levels: NDArray[np.float32], begin: float, end: float) -> SilentEnd | None:
    if end - begin < _SHORTEST:
        return None
    inside = levels[math.ceil(begin * PAIRS_PER_SECOND) : math.ceil(end * PAIRS_PER_SECOND)]
    level = _decibels(float(inside.max(initial=0)))
    return SilentEnd(
        start_time=round(begin, 2), end_time=round(end, 6), level=None if level is None else round(level, 1)
    )


def _decibels(level: float) -> float | None:
    return 20 * math.log10(level) if level > 0 else None
