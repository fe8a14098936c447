"""Clips that end after their source: cut to what is there, or refused. Pure.

A web app knows a source's length from its container, which counts the encoder's delay and the rest of the last frame.
"""

from typing import Final

from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.types.asset import MediaFacts
from audioprep.jobs.types.recipe import Clip

_TOLERANCE: Final = 0.25  # seconds
_SHORTEST: Final = 0.01  # seconds that a clip keeps at least when it is cut
# Samples of a codec's longest frame and of its encoder's delay or padding, by ffprobe's `codec_name`. A codec that is
# not here has frames far shorter than the tolerance, at any rate that it is used with.
_FRAME_AND_DELAY: Final = {
    "aac": 2048 + 2112,  # HE-AAC; Apple's encoder
    "mp3": 1152 + 1105,  # LAME: 576 samples, and 529 of the decoder
    "mp2": 1152 + 481,
    "ac3": 1536 + 256,
    "eac3": 1536 + 256,
    "vorbis": 8192,
    "wmav1": 2048 + 2048,
    "wmav2": 2048 + 2048,
    "wmapro": 8192 + 8192,
    "adpcm_ms": 4096,
    "adpcm_ima_wav": 4096,
}


def tolerance_of(facts: MediaFacts) -> float:
    """Seconds that a clip may end after its source: a frame of the codec and its delay, 0.25 at least."""
    return max(_TOLERANCE, _FRAME_AND_DELAY.get(facts.codec, 0) / facts.sample_rate)


def fit_clip(clip: Clip, name: str, facts: MediaFacts) -> Clip:
    """The clip, cut to the decoded end of its source if it ends a little after it; fades shrink with it.

    `name` is the clip's in the words of an error. Raises PermanentError if the clip ends far after its source, or
    nothing of it would be left.
    """
    over = clip.end_time - facts.seconds
    if over <= 0:
        return clip
    if over > tolerance_of(facts):
        raise _beyond(name, f"endTime {clip.end_time:g} s is after", facts)
    length = facts.seconds - clip.start_time
    if length < _SHORTEST:
        raise _beyond(name, f"startTime {clip.start_time:g} s is at", facts)
    fades = clip.fade_in + clip.fade_out
    scale = min(1.0, length / fades) if fades else 1.0
    fitted = {"end_time": facts.seconds, "fade_in": clip.fade_in * scale, "fade_out": clip.fade_out * scale}
    return clip.model_copy(update=fitted)


def _beyond(name: str, time: str, facts: MediaFacts) -> PermanentError:
    sentence = f"{name}: {time} the end of its source, which is {facts.seconds:.3f} s long."
    return PermanentError(ErrorKind.INVALID_PAYLOAD, sentence)
