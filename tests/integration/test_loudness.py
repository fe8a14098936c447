"""Normalised saves, judged by measuring the file that comes out."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.activities import Studio, clip_of, recipe_of
from tests.support.listening import loudness_of, samples_of, stream_of, tone, write_wav
from tests.support.programmes import PROGRAMMES, RATE, bursts, clicks, noise

IN_AAC = ["very dynamic", "peaks between samples"]


@pytest.mark.parametrize(
    ("programme", "form"),
    [*((programme, "wav") for programme in PROGRAMMES), *((programme, "aac") for programme in IN_AAC)],
)
async def test_a_normalised_save_is_on_target_and_under_the_ceiling(
    studio: Studio, tmp_path: Path, programme: str, form: str
) -> None:
    sound = PROGRAMMES[programme]()
    source = studio.add(write_wav(tmp_path / "source.wav", sound, RATE))

    saved = await studio.save(recipe_of(clip_of(source, 0, len(sound) / RATE), normalize=True, outputFormat=form))

    heard = loudness_of(saved)
    assert heard.integrated == pytest.approx(-24, abs=0.5)
    assert heard.true_peak <= -2
    assert abs(len(samples_of(saved)) - len(sound)) <= (0 if form == "wav" else 1024)


async def test_a_recipes_own_target_wins_over_the_settings(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", noise(5, 0.05), RATE))

    saved = await studio.save(recipe_of(clip_of(source, 0, 5), normalize=True, targetLufs=-14, truePeak=-6))

    heard = loudness_of(saved)
    assert heard.integrated == pytest.approx(-14, abs=0.5)
    assert heard.true_peak <= -6


async def test_silence_stays_silence(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", np.zeros((3 * RATE, 2)), RATE))

    saved = await studio.save(recipe_of(clip_of(source, 0, 3), normalize=True))

    assert not samples_of(saved).any()
    assert len(samples_of(saved)) == 3 * RATE


async def test_a_sound_below_the_gate_passes_unchanged(studio: Studio, tmp_path: Path) -> None:
    faint = np.random.default_rng(7).integers(-1, 2, 3 * RATE) / 32767
    source = studio.add(write_wav(tmp_path / "source.wav", faint, RATE))

    saved = await studio.save(recipe_of(clip_of(source, 0, 3), normalize=True))

    assert np.array_equal(samples_of(saved), samples_of(studio.asset(source) / "original.wav"))


async def test_the_ceiling_wins_over_an_unreachable_target(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", clicks(), RATE))

    saved = await studio.save(recipe_of(clip_of(source, 0, 10), normalize=True, targetLufs=-10))

    assert loudness_of(saved).true_peak <= -2
    assert len(samples_of(saved)) == 10 * RATE


async def test_a_sound_too_short_to_measure_is_as_loud_as_in_repetition(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(0.2, RATE, level=0.01), RATE))

    saved = await studio.save(recipe_of(clip_of(source, 0, 0.2), normalize=True))

    once = samples_of(saved)
    assert len(once) == round(0.2 * RATE)
    repeated = write_wav(tmp_path / "repeated.wav", np.tile(once, (20, 1)), RATE)
    assert loudness_of(repeated).integrated == pytest.approx(-24, abs=0.5)


@pytest.mark.parametrize("rate", [1000, 8000, 48000, 192000])
async def test_the_limiter_works_at_every_rate(studio: Studio, tmp_path: Path, rate: int) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", bursts(6), RATE))

    saved = await studio.save(recipe_of(clip_of(source, 0, 6), normalize=True, outputSampleRate=rate))

    heard = loudness_of(saved, 48000 if rate < 8000 else None)
    assert heard.integrated == pytest.approx(-24, abs=0.5)
    assert heard.true_peak <= -2
    assert stream_of(saved)["sample_rate"] == str(rate)
    assert len(samples_of(saved)) == 6 * rate
