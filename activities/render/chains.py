"""ffmpeg's filters of a mastering and of the meters, as text. Pure."""

import math
from typing import Final

from audioprep.activities.render.graph import Graph
from audioprep.activities.render.loudness import Mastering
from audioprep.activities.render.metering.loudness_chart import CHART_METER

_MEASURABLE: Final = 0.4  # seconds: one block of BS.1770; ebur128 has no value for anything shorter
_OVERSAMPLED: Final = 88_200  # hertz at which a limiter sees nearly all of what lies between samples
_PEAK_RATE: Final = 96_000  # hertz at which the samples of a sound come close to its true peak
# Hertz; the K-weighting needs more than twice 1682 Hz (BS.1770-4).
_METER_RATE, _LOWEST_METER_RATE = 48_000, 8_000
_METER: Final = "ebur128=peak=true:framelog=verbose"  # the frames' own lines are not wanted, the summary is
_QUICK_METER: Final = "ebur128=peak=sample:framelog=verbose"
_TO_FLOAT: Final = "aformat=sample_fmts=fltp"
_OVERALL_PEAK: Final = "astats=measure_overall=Peak_level:measure_perchannel=none"

PEAK_METER: Final = f"aresample={_PEAK_RATE},{_TO_FLOAT},{_OVERALL_PEAK}"
"""The highest sample at a rate that shows what lies between samples."""


def meter(graph: Graph) -> str:
    """Loudness and true peak of the graph's sound or of a file that was made of it."""
    return f"{_measurable(graph)}{_METER}"


def chart_meter(graph: Graph) -> str:
    """Like `meter`, with a log of loudness over time."""
    return f"{_measurable(graph)}{CHART_METER}"


def quick_meter(graph: Graph, band: int | None = None) -> str:
    """Loudness and sample peak. `band` is the sample rate that holds all of the sound which an encoder will keep."""
    resample = f"aresample={band}," if band and band < graph.sample_rate else ""
    return f"{_measurable(graph)}{resample}{_QUICK_METER}"


CLIPPED: Final = "aformat=sample_fmts=s32,aformat=sample_fmts=fltp"
"""Nothing beyond full scale, and only numbers."""


def metered_samples(graph: Graph, sample_format: str) -> str:
    """Samples of a WAV file as the output `out`, and beside it their loudness and peak, of floats up to full scale."""
    layout = "stereo" if graph.channels > 1 else "mono"
    samples = f"aformat=sample_fmts={sample_format}:channel_layouts={layout}"
    held = "aformat=sample_fmts=s32," if sample_format == "flt" else ""
    return f"{samples},asplit[out][meter];[meter]{held}{quick_meter(graph)},anullsink"


def is_too_short_to_measure(graph: Graph) -> bool:
    return graph.seconds < _MEASURABLE


def is_resampled_to_measure(graph: Graph) -> bool:
    return graph.sample_rate < _LOWEST_METER_RATE


def _measurable(graph: Graph) -> str:
    """What goes before a meter: a sound too short for it is repeated, one of a low sample rate is resampled."""
    repeat = ""
    if is_too_short_to_measure(graph):
        repeat = f"aloop=loop={math.ceil(1 / graph.seconds)}:size={graph.frames},"
    return f"{repeat}aresample={_METER_RATE}," if is_resampled_to_measure(graph) else repeat


def mastering_filters(mastering: Mastering, graph: Graph, *, oversample: bool = True) -> str:
    """The filters of a mastering. At a higher rate than the graph's own the limiter sees peaks between samples.

    Resampling is done in single precision, which takes half the time of the double that alimiter would ask for.
    """
    chain = [_TO_FLOAT]
    if mastering.gain:
        chain.append(f"volume={mastering.gain:.3f}dB:precision=float")
    if mastering.limit is not None:
        factor = math.ceil(_OVERSAMPLED / graph.sample_rate) if oversample else 1
        linear = 10 ** (mastering.limit / 20)
        chain += [
            *(f"aresample={graph.sample_rate * factor}", _TO_FLOAT),
            f"alimiter=limit={linear:.6f}:level=false:attack=5:release=50:latency=true",
            *(_TO_FLOAT, f"aresample={graph.sample_rate}", _TO_FLOAT),
            f"apad=whole_len={graph.frames}",
            f"atrim=end_sample={graph.frames}",
        ]
    return ",".join(chain)
