"""Two meters that are not ours and not each other's: ffmpeg's ebur128, and libebur128."""

from pathlib import Path

import numpy as np
import pyebur128

from tests.support.listening import Heard, Samples, loudness_of, samples_of, stream_of

_MODE = pyebur128.MeasurementMode.MODE_I | pyebur128.MeasurementMode.MODE_TRUE_PEAK
SILENT = -70.0  # LUFS, the absolute gate of ITU-R BS.1770-4


def heard_by_ffmpeg(file: Path) -> Heard:
    return loudness_of(file)


def heard_by_libebur128(file: Path) -> Heard:
    """Of the decoded samples at the file's own rate."""
    return _heard(samples_of(file), int(stream_of(file)["sample_rate"]))


def _heard(samples: Samples, rate: int) -> Heard:
    channels = samples.shape[1]
    state = pyebur128.R128State(channels, rate, _MODE)
    state.add_frames(np.ascontiguousarray(samples).ravel(), len(samples))
    peak = max(pyebur128.get_true_peak(state, channel) for channel in range(channels))
    return Heard(max(pyebur128.get_loudness_global(state), SILENT), 20 * float(np.log10(peak)) if peak > 0 else -np.inf)
