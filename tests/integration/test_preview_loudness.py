"""Normalised previews, held against normalised saves: both measured by ffmpeg's ebur128 on the finished files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.activities import Studio, clip_of, recipe_of
from tests.support.listening import Samples, loudness_of, samples_of, tone, write_wav
from tests.support.programmes import PROGRAMMES, RATE, between_samples, clicks, noise

ON_TARGET = {
    **PROGRAMMES,
    "full scale": lambda: noise(5, 2.0),
    "spoken very softly": lambda: tone(5, RATE, level=0.002),
}


def _normalised(studio: Studio, tmp_path: Path, sound: Samples, **fields: object) -> dict[str, object]:
    source = studio.add(write_wav(tmp_path / "source.wav", sound, RATE))
    return recipe_of(clip_of(source, 0, len(sound) / RATE), normalize=True, **fields)


@pytest.mark.parametrize("programme", ON_TARGET)
async def test_a_preview_is_as_loud_as_its_save(studio: Studio, tmp_path: Path, programme: str) -> None:
    recipe = _normalised(studio, tmp_path, ON_TARGET[programme]())

    saved = loudness_of(await studio.save(recipe))
    heard = loudness_of(await studio.preview(recipe))

    assert heard.integrated == pytest.approx(saved.integrated, abs=1)
    assert heard.true_peak <= 0


@pytest.mark.parametrize(
    ("sound", "fields"),
    [
        (between_samples, {"targetLufs": -14, "truePeak": -6}),
        (lambda: noise(5, 0.05), {"targetLufs": -14, "truePeak": -6}),
        (lambda: noise(5, 0.05), {"targetLufs": -9, "truePeak": 0}),
    ],
    ids=["peaks between samples, low ceiling", "noise, low ceiling", "noise, no ceiling"],
)
async def test_a_recipes_own_target_holds_without_clipping(
    studio: Studio, tmp_path: Path, sound: Callable[[], Samples], fields: dict[str, float]
) -> None:
    recipe = _normalised(studio, tmp_path, sound(), **fields)

    saved = loudness_of(await studio.save(recipe))
    heard = loudness_of(await studio.preview(recipe))

    assert heard.integrated == pytest.approx(saved.integrated, abs=1)
    assert heard.true_peak <= 0


async def test_a_preview_without_normalize_keeps_its_level(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(5, RATE), RATE))
    level = loudness_of(studio.asset(source) / "original.wav").integrated

    heard = loudness_of(await studio.preview(recipe_of(clip_of(source, 0, 5, volume=0.1))))

    assert heard.integrated == pytest.approx(level - 20, abs=0.5)


async def test_where_the_ceiling_wins_a_preview_follows_its_save(studio: Studio, tmp_path: Path) -> None:
    recipe = _normalised(studio, tmp_path, clicks(), targetLufs=-10)

    saved = loudness_of(await studio.save(recipe))
    heard = loudness_of(await studio.preview(recipe))

    assert heard.integrated == pytest.approx(saved.integrated, abs=1)
    assert heard.true_peak <= 0


async def test_a_silent_preview_stays_silent(studio: Studio, tmp_path: Path) -> None:
    made = await studio.preview(_normalised(studio, tmp_path, np.zeros((3 * RATE, 2))))

    assert not samples_of(made).any()


async def test_a_preview_too_short_to_measure_is_as_loud_as_its_save(studio: Studio, tmp_path: Path) -> None:
    recipe = _normalised(studio, tmp_path, tone(0.2, RATE, level=0.01))

    files = [await studio.save(recipe), await studio.preview(recipe)]

    saved, heard = (_repeated(tmp_path / f"{number}.wav", file) for number, file in enumerate(files))
    assert heard == pytest.approx(saved, abs=1)


def _repeated(path: Path, file: Path) -> float:
    """Loudness of the sound from its first to its last second, over and over: an MP3 begins and ends with padding."""
    once = samples_of(file)[: round(0.2 * RATE)]
    return loudness_of(write_wav(path, np.tile(once, (20, 1)), RATE)).integrated
