"""Loudness presets and reports, held against ffmpeg's own meters on the finished files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from audioprep.jobs.errors import PermanentError
from tests.support.activities import Studio, clip_of, recipe_of
from tests.support.listening import Samples, loudness_of, write_wav
from tests.support.programmes import RATE, bursts, noise


def _two_levels(seconds: float) -> Samples:
    """Noise whose second half is 10 dB louder than its first."""
    sound = noise(seconds, 0.1)
    sound[: len(sound) // 2] *= 10 ** (-10 / 20)
    return sound


@pytest.mark.parametrize(
    ("preset", "lufs", "ceiling"),
    [("podcast", -16, -1), ("streaming", -14, -1), ("ebu", -23, -1), ("atsc", -24, -2)],
)
async def test_a_preset_is_a_target_and_a_ceiling(
    studio: Studio, tmp_path: Path, preset: str, lufs: float, ceiling: float
) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", noise(4, 0.05), RATE))

    saved = await studio.save(recipe_of(clip_of(source, 0, 4), loudness=preset))

    heard = loudness_of(saved)
    assert heard.integrated == pytest.approx(lufs, abs=0.5)
    assert heard.true_peak <= ceiling


async def test_a_report_has_the_figures_of_source_and_file(studio: Studio, tmp_path: Path) -> None:
    sound = _two_levels(24)
    file = write_wav(tmp_path / "source.wav", sound, RATE)
    recipe = recipe_of(clip_of(studio.add(file), 0, 24), loudness="ebu", report=True)
    saved = await studio.save(recipe)

    report = await studio.report(recipe, saved)

    for figures, measured in ((report.source, file), (report.files[0], saved)):
        heard = loudness_of(measured)
        assert figures.integrated == pytest.approx(heard.integrated, abs=0.1)
        assert figures.true_peak == pytest.approx(heard.true_peak, abs=0.1)
        assert figures.range == pytest.approx(10, abs=0.5)
    assert report.files[0].key == f"assets/{recipe['assetId']}/prepared.wav"
    assert report.files[0].integrated == pytest.approx(-23, abs=0.5)
    louder = loudness_of(write_wav(tmp_path / "louder.wav", sound[-6 * RATE :], RATE)).integrated
    assert report.source.short_term_max == pytest.approx(louder, abs=0.2)
    with Image.open(studio.storage / report.plot_key) as picture:
        assert picture.format == "PNG"
        assert np.asarray(picture)[:, :, 3].any()


async def test_measuring_makes_no_file(studio: Studio, tmp_path: Path) -> None:
    file = write_wav(tmp_path / "source.wav", bursts(6), RATE)
    recipe = recipe_of(clip_of(studio.add(file), 0, 6), loudness="measure")

    report = await studio.report(recipe)

    assert report.files == ()
    assert report.source.integrated == pytest.approx(loudness_of(file).integrated, abs=0.1)
    assert [path.name for path in studio.asset(recipe["assetId"]).iterdir()] == ["loudness.png"]


async def test_a_report_on_silence_has_no_figures(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", np.zeros((4 * RATE, 2)), RATE))

    report = await studio.report(recipe_of(clip_of(source, 0, 4), loudness="measure"))

    assert set(report.source.model_dump().values()) == {None}


async def test_a_report_on_a_deleted_asset_leaves_nothing(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", noise(4, 0.05), RATE))
    recipe = recipe_of(clip_of(source, 0, 4), report=True)
    saved = await studio.save(recipe)
    saved.unlink()

    with pytest.raises(PermanentError, match="was deleted"):
        await studio.report(recipe, saved)

    assert not (studio.asset(recipe["assetId"]) / "loudness.png").exists()


async def test_progress_of_a_report_never_falls(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", noise(4, 0.05), RATE))
    recipe = recipe_of(clip_of(source, 0, 4), report=True)
    saved = await studio.save(recipe)
    studio.heartbeats.clear()

    await studio.report(recipe, saved)

    assert {said.stage for said in studio.heartbeats} == {"finalizing"}
    progress = [said.progress for said in studio.heartbeats]
    assert progress == sorted(progress)
