"""Clips that end after their source: the table of what is cut and what is refused."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioprep.activities.render.clip_ends import fit_clip
from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.types.asset import MediaFacts
from audioprep.jobs.types.recipe import Clip


def facts(seconds: float, codec: str = "pcm_s16le", rate: int = 44100) -> MediaFacts:
    return MediaFacts(
        frames=round(seconds * rate),
        sample_rate=rate,
        channels=2,
        codec=codec,
        format="wav",
        stream_index=0,
        starts_at_zero=True,
        size=1,
        version="v",
    )


def clip(start: float, end: float, **fields: float) -> Clip:
    return Clip(id="a", source_asset_id=uuid4(), start_time=start, end_time=end, **fields)


@pytest.mark.parametrize(
    ("codec", "rate", "over"),
    [
        pytest.param("pcm_s16le", 44100, 0.25, id="any codec: a quarter of a second"),
        pytest.param("mp3", 44100, 0.25, id="MP3 at 44,100 Hz: a quarter of a second"),
        pytest.param("mp3", 8000, 0.282, id="MP3 at 8,000 Hz: 1152 + 1105 samples"),
        pytest.param("aac", 8000, 0.52, id="AAC at 8,000 Hz: 2048 + 2112 samples"),
    ],
)
def test_an_end_within_a_frame_and_its_delay_is_cut(codec: str, rate: int, over: float) -> None:
    source = facts(10, codec, rate)

    assert fit_clip(clip(2, 10 + over), "clip 1", source).end_time == 10
    with pytest.raises(PermanentError, match=rf"endTime {10 + over + 0.01:g} s is after .* 10\.000 s long") as caught:
        fit_clip(clip(2, 10 + over + 0.01), "clip 1", source)
    assert caught.value.kind is ErrorKind.INVALID_PAYLOAD


def test_a_clip_within_its_source_is_unchanged() -> None:
    asked = clip(2, 10, fade_in=4, fade_out=4)

    assert fit_clip(asked, "clip 1", facts(10)) is asked


def test_a_clip_of_which_nothing_is_left_is_refused() -> None:
    with pytest.raises(PermanentError, match=r"clip 1: startTime 10\.05 s is at the end .* 10\.000 s long"):
        fit_clip(clip(10.05, 10.2), "clip 1", facts(10))


@given(st.floats(0.2, 5), st.floats(0, 1), st.floats(0, 1), st.floats(0.001, 0.25))
def test_fades_fit_into_what_is_left(length: float, fade_in: float, share: float, over: float) -> None:
    rising = fade_in * length
    falling = share * (length - rising)
    asked = clip(10 - length + over, 10 + over, fade_in=rising, fade_out=falling)
    if 10 - asked.start_time < 0.01:
        return

    fitted = fit_clip(asked, "clip 1", facts(10))

    assert fitted.fade_in + fitted.fade_out <= fitted.duration + 1e-9
    assert fitted.fade_in <= asked.fade_in
    assert fitted.fade_out <= asked.fade_out
