"""Verification of a rendered file: as long as its graph, and with the peak that was metered. Raises what is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from audioprep.activities.render.chains import is_resampled_to_measure
from audioprep.activities.render.graph import Graph
from audioprep.activities.render.metering.true_peak import Peaks, peaks_of
from audioprep.activities.render.metering.wav_file import open_wav
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError

_LENGTH_TOLERANCE: Final = 0.1  # seconds that an encoder's frames may add to or take from a file
_FRAME: Final = 1152  # samples of the longest frame: MPEG-1 layer III's; at 8 kHz and below more than the tolerance
_PRINTED: Final = 0.1  # dB: the meter prints tenths


async def peaks_in(path: Path, graph: Graph, floor: float, keep_alive: Callable[[], None]) -> Peaks:
    """Peaks of a WAV file, which must be as long as its graph; `floor` is that of `peaks_of`."""
    try:
        with open_wav(path) as wav:
            _check_length(graph, wav.frames)
            return await peaks_of(wav, keep_alive, floor)
    except (ValueError, OSError) as error:
        raise _unreadable(error) from None


def check_frames(path: Path, graph: Graph) -> None:
    """A WAV file must have the graph's number of samples."""
    try:
        with open_wav(path) as wav:
            _check_length(graph, wav.frames)
    except (ValueError, OSError) as error:
        raise _unreadable(error) from None


def check_seconds(graph: Graph, seconds: float) -> None:
    """A lossy file must decode to the graph's length, but for a frame of its encoder."""
    if abs(seconds - graph.seconds) > max(_LENGTH_TOLERANCE, _FRAME / graph.sample_rate):
        raise _wrong_length(graph, seconds)


def check_peak(graph: Graph, metered: float | None, found: float | None) -> None:
    """What was metered is what is in the file: both have the same highest sample."""
    if not is_resampled_to_measure(graph) and abs((metered or 0.0) - (found or 0.0)) > _PRINTED:
        sentence = f"The file's highest sample is {found} dBFS, and {metered} dBFS when it was rendered."
        raise TransientError(ErrorKind.CHILD_FAILED, sentence)


def _check_length(graph: Graph, frames: int) -> None:
    if frames != graph.frames:
        raise _wrong_length(graph, frames / graph.sample_rate)


def _wrong_length(graph: Graph, seconds: float) -> PermanentError:
    sentence = (
        f"The render came out {seconds:.3f} s long instead of {graph.seconds:.3f} s: "
        "a source did not decode as it did when it was measured."
    )
    return PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)


def _unreadable(error: Exception) -> TransientError:
    return TransientError(ErrorKind.CHILD_FAILED, f"ffmpeg left no readable WAV file ({error}).")
