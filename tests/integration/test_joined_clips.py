"""Gaps and crossfades between clips, held against the same sounds joined by numpy."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.jobs.errors import ErrorKind, PermanentError
from tests.support.activities import Studio, clip_of, recipe_of
from tests.support.listening import Samples, rms_of, samples_of, tone, write_wav
from tests.support.programmes import RATE, noise

Joins = list[tuple[float, float, float, float]]
"""Of each clip: start, end, gap, crossfade."""
JOINED: dict[str, Joins] = {
    "a gap": [(0.5, 2, 0.75, 0), (1, 2.5, 0, 0)],
    "a crossfade": [(0.5, 2, 0, 0.5), (1, 2.5, 0, 0)],
    "crossfades that meet in the middle of a clip": [(0, 1, 0, 0.4), (2, 3, 0, 0.6), (1, 3, 0, 0)],
    "a crossfade as long as both clips": [(0, 1.5, 0, 1.5), (1, 2.5, 0, 0)],
    "a crossfade as long as the clip before": [(0, 0.5, 0, 0.5), (1, 2.5, 0, 0.1), (0, 1, 0.2, 0), (2, 3, 0, 0)],
    "odd times": [(0.123456, 1.987654, 0.000011, 0), (1 / 3, 2 / 3, 0, 0.1234567), (0.1, 1.9, 0, 0)],
}


def _joined(sound: Samples, joins: Joins, rate: int) -> Samples:
    """What the recipe is to sound like, by its definition."""
    made = np.empty((0, sound.shape[1]))
    before = 0
    for start, end, gap, crossfade in joins:
        piece = sound[round(start * rate) : round(end * rate)].copy()
        steps = np.arange(before)[:, None] / max(before, 1) * np.pi / 2
        made[len(made) - before :] *= np.cos(steps)
        piece[:before] *= np.sin(steps)
        made[len(made) - before :] += piece[:before]
        made = np.concatenate([made, piece[before:], np.zeros((round(gap * rate), sound.shape[1]))])
        before = round(crossfade * rate)
    return made


def _clips(source: str, joins: Joins) -> list[dict[str, Any]]:
    return [clip_of(source, start, end, gap=gap, crossfade=crossfade) for start, end, gap, crossfade in joins]


@pytest.mark.parametrize("joins", JOINED.values(), ids=JOINED)
async def test_clips_are_joined_to_the_sample(studio: Studio, tmp_path: Path, joins: Joins) -> None:
    sound = noise(3, 0.1)
    source = studio.add(write_wav(tmp_path / "source.wav", sound, RATE))

    saved = samples_of(await studio.save(recipe_of(*_clips(source, joins))))

    expected = _joined(sound, joins, RATE)
    assert len(saved) == len(expected)
    assert np.abs(saved - expected).max() < 3 / 32768 + np.abs(expected).max() * 0.001  # a step of the fade's curve


@pytest.mark.parametrize("rate", [8000, 48000])
async def test_the_length_is_exact_at_other_rates_and_in_previews(studio: Studio, tmp_path: Path, rate: int) -> None:
    sources = [studio.add(write_wav(tmp_path / f"{n}.wav", tone(2, 22050, 300 * n), 22050)) for n in (1, 2)]
    clips = [
        clip_of(sources[0], 0.1, 1.77777, crossfade=0.33333),
        clip_of(sources[1], 0.2, 1.9, crossfade=0.5),
        clip_of(sources[0], 0, 1, gap=0.25001),
        clip_of(sources[1], 1, 1.5),
    ]
    recipe = recipe_of(*clips, outputSampleRate=rate)

    saved, preview = samples_of(await studio.save(recipe)), await studio.preview(recipe)

    frames = [round(c["endTime"] * rate) - round(c["startTime"] * rate) for c in clips]
    joins = round(0.25001 * rate) - round(0.33333 * rate) - round(0.5 * rate)
    assert len(saved) == sum(frames) + joins
    heard = 48000 if rate == 48000 else 44100
    assert len(samples_of(preview)) / heard == pytest.approx(len(saved) / rate, abs=0.03)


async def test_fifty_clips_are_crossfaded(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", noise(20, 0.1), RATE))
    clips = [clip_of(source, 19 - n * 0.3, 19.5 - n * 0.3, crossfade=0.2 if n < 49 else 0) for n in range(50)]

    saved = samples_of(await studio.save(recipe_of(*clips)))

    frames = [round(clip["endTime"] * RATE) - round(clip["startTime"] * RATE) for clip in clips]
    assert len(saved) == sum(frames) - 49 * round(0.2 * RATE)
    assert [rms_of(part) for part in np.array_split(saved, 40)] == pytest.approx([0.1] * 40, rel=0.05)


async def test_a_crossfade_of_two_sounds_keeps_their_power(studio: Studio, tmp_path: Path) -> None:
    sound = noise(8, 0.1)
    source = studio.add(write_wav(tmp_path / "source.wav", sound, RATE))

    saved = samples_of(await studio.save(recipe_of(clip_of(source, 0, 4, crossfade=3), clip_of(source, 4, 8))))

    level = rms_of(sound)
    assert [rms_of(part) for part in np.array_split(saved, 20)] == pytest.approx([level] * 20, rel=0.03)


async def test_a_clip_that_is_cut_to_its_source_still_joins(studio: Studio, tmp_path: Path) -> None:
    """Its end is a little after the source's, as containers have it."""
    source = studio.add(write_wav(tmp_path / "source.wav", tone(2, RATE), RATE))

    saved = await studio.save(recipe_of(clip_of(source, 1.9, 2.1, crossfade=0.2), clip_of(source, 0, 1)))

    assert len(samples_of(saved)) == RATE


async def test_normalised_saves_and_previews_have_the_joins(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", noise(4, 0.05), RATE))
    clips = [clip_of(source, 0, 2, gap=1), clip_of(source, 2, 3, crossfade=0.5), clip_of(source, 1, 3)]
    recipe = recipe_of(*clips, loudness="podcast")

    saved, preview = samples_of(await studio.save(recipe)), samples_of(await studio.preview(recipe))

    assert len(saved) == round(5.5 * RATE)
    for heard in (saved, preview):
        assert rms_of(heard[round(2.1 * RATE) : round(2.9 * RATE)]) < 0.001 < rms_of(heard[:RATE])


async def test_gaps_count_for_the_limit(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(2, RATE), RATE))
    studio.limits = MediaLimits(max_seconds=5)

    with pytest.raises(PermanentError, match=r"The clips are 7.0 s together") as error:
        await studio.save(recipe_of(clip_of(source, 0, 1, gap=5), clip_of(source, 0, 1)))
    await studio.save(recipe_of(*[clip_of(source, 0, 2, crossfade=1)] * 2, clip_of(source, 0, 2)))

    assert error.value.kind is ErrorKind.LIMIT_EXCEEDED


def test_the_reference_joins_by_hand() -> None:
    """The check itself: with a crossfade of constants each point of the overlap is a cosine and a sine."""
    made = _joined(np.ones((40, 1)), [(0, 2, 0, 1), (0, 2, 0, 0)], 10)

    assert len(made) == 30
    assert made[15, 0] == pytest.approx(np.sqrt(2))
    assert all(abs(a - b) < 0.2 for a, b in pairwise(made[:, 0]))
