"""Which gain, and whether a limiter: decided from numbers alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioprep.activities.render.loudness import (
    MAX_RENDERS,
    Loudness,
    LoudnessTarget,
    Mastering,
    MasteringAttempt,
    estimated,
    first_mastering,
    lowered,
    next_mastering,
    parse_summary,
)

TARGET = LoudnessTarget(lufs=-24, true_peak=-2)
SUMMARY = """[Parsed_ebur128_0 @ 0x55] Summary:

  Integrated loudness:
    I:         {lufs} LUFS
    Threshold: -31.1 LUFS

  Loudness range:
    LRA:         1.6 LU
    Threshold: -41.1 LUFS

  True peak:
    Peak:      {peak} dBFS
"""


def _heard(integrated: float | None, true_peak: float | None) -> Loudness:
    return Loudness(integrated=integrated, true_peak=true_peak)


@pytest.mark.parametrize(
    ("lufs", "peak", "heard"),
    [
        ("-21.1", "-10.3", _heard(-21.1, -10.3)),
        ("-9.0", " 1.4", _heard(-9, 1.4)),
        ("-70.0", "-inf", _heard(None, None)),
        ("-70.0", "-62.1", _heard(None, -62.1)),
        (" -inf", "-inf", _heard(None, None)),
        ("  nan", "-inf", _heard(None, None)),
    ],
)
def test_the_summary_is_read(lufs: str, peak: str, heard: Loudness) -> None:
    assert parse_summary(SUMMARY.format(lufs=lufs, peak=peak)) == heard


def test_without_a_summary_nothing_is_known() -> None:
    assert parse_summary("Conversion failed!") is None


@pytest.mark.parametrize(
    ("heard", "mastering"),
    [
        (_heard(-30, -20), Mastering(gain=6)),
        (_heard(-10, 0.5), Mastering(gain=-14)),
        (_heard(-30, -5), Mastering(gain=6, limit=-2.5)),
        (_heard(-24, -2.2), Mastering(gain=0)),
        (_heard(None, None), Mastering()),
        (_heard(None, -65), Mastering()),
    ],
)
def test_one_gain_and_a_limiter_only_when_needed(heard: Loudness, mastering: Mastering) -> None:
    assert first_mastering(heard, TARGET) == mastering


def test_what_limiting_costs_is_given_back_as_gain() -> None:
    again = next_mastering(_heard(-30, -5), TARGET, [(Mastering(gain=6, limit=-2.5), _heard(-25, -2.5))])

    assert again == Mastering(gain=7, limit=-2.5)


def test_a_peak_over_the_ceiling_lowers_the_limit() -> None:
    again = next_mastering(_heard(-30, -5), TARGET, [(Mastering(gain=6, limit=-2.5), _heard(-24, -1.5))])

    assert again == Mastering(gain=6, limit=-3.1)


def test_the_last_render_is_that_of_the_best_trial() -> None:
    """A limiter that answers more gain by less loudness leads a search astray."""
    heard = [(0, -9.7), (0.7, -9.5), (2.8, -13.6), (23.7, -2.0), (3.0, -13.0)]
    trials = [(Mastering(gain=gain, limit=-2.5), _heard(lufs, -2.5)) for gain, lufs in heard]

    last = next_mastering(_heard(-9, 0), LoudnessTarget(lufs=-9, true_peak=-2), trials)

    assert last == Mastering(gain=0.7, limit=-2.5)
    assert next_mastering(_heard(-9, 0), LoudnessTarget(lufs=-9, true_peak=-2), [*trials, trials[1]]) is None


@pytest.mark.parametrize(
    ("mastering", "peak", "again"),
    [
        (Mastering(gain=6, limit=-2.5), 0.4, Mastering(gain=6, limit=-3.1)),
        (Mastering(gain=6), 1.4, Mastering(gain=6, limit=-1.6)),
        (Mastering(gain=6, limit=-2.5), -0.1, None),
        (Mastering(), None, None),
    ],
    ids=["limited and clipped", "not limited and clipped", "just under full scale", "silence"],
)
def test_a_preview_that_clips_is_rendered_lower(mastering: Mastering, peak: float | None, again: Mastering) -> None:
    assert lowered(mastering, peak) == again


@pytest.mark.parametrize(("peak", "estimate"), [(-12.3, -11.3), (None, None)])
def test_the_true_peak_is_estimated_from_the_samples(peak: float | None, estimate: float | None) -> None:
    assert estimated(_heard(-20, peak)) == _heard(-20, estimate)


@given(
    integrated=st.floats(-69, 5),
    crest=st.floats(0, 60),
    between=st.floats(0, 7.5),
    compliance=st.floats(0, 1),
    overshoot=st.floats(0, 3),
)
def test_it_ends_and_under_the_ceiling_whatever_the_limiter_does(
    integrated: float, crest: float, between: float, compliance: float, overshoot: float
) -> None:
    """A made-up limiter passes on a share of the gain that it works against, and lets peaks pass by a fixed amount.

    What lies between samples is as much as the meter can see there, or nothing.
    """
    sound = _heard(integrated, integrated + crest + between)
    measured = estimated(_heard(integrated, integrated + crest))
    trials: list[MasteringAttempt] = []
    mastering: Mastering | None = first_mastering(measured, TARGET)

    while mastering is not None:
        trials.append((mastering, _limited(sound, mastering, compliance, overshoot)))
        mastering = next_mastering(measured, TARGET, trials)

    assert len(trials) <= MAX_RENDERS
    last = trials[-1][1]
    assert last.true_peak is not None
    assert last.true_peak <= TARGET.true_peak


def _limited(sound: Loudness, mastering: Mastering, compliance: float, overshoot: float) -> Loudness:
    integrated, peak = sound.integrated or 0.0, sound.true_peak or 0.0
    free = peak + mastering.gain
    if mastering.limit is None or free <= mastering.limit:
        return _heard(integrated + mastering.gain, free)
    cut = free - mastering.limit
    return _heard(integrated + mastering.gain - cut * (1 - compliance), mastering.limit + overshoot)
