"""Silence at the ends of a recording: proposed by an ingest, taken up by a recipe."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.support.activities import Studio, clip_of, recipe_of
from tests.support.listening import samples_of, write_wav
from tests.support.programmes import RATE, noise


async def test_a_recipe_may_take_up_what_an_ingest_proposes(studio: Studio, tmp_path: Path) -> None:
    silence = np.zeros((RATE, 2))
    sound = np.concatenate([silence, noise(2, 0.1), silence, silence])
    asset = await studio.ingest(write_wav(tmp_path / "source.wav", sound, RATE))
    described = json.loads((studio.asset(asset) / "metadata.json").read_text())

    proposed = described["silence"]
    saved = samples_of(
        await studio.save(recipe_of(clip_of(asset, proposed["start"]["endTime"], proposed["end"]["startTime"])))
    )

    assert proposed["start"] == {"startTime": 0, "endTime": pytest.approx(0.9)}
    assert proposed["end"] == {"startTime": pytest.approx(3.3), "endTime": pytest.approx(5)}
    assert described["audio"]["duration"] == 5, "nothing is cut"
    assert len(saved) == round(2.4 * RATE)
    assert np.flatnonzero(np.abs(saved).max(axis=1) > 0.01)[0] == pytest.approx(0.1 * RATE, abs=50)


async def test_a_recording_that_is_all_sound_has_no_proposal(studio: Studio, tmp_path: Path) -> None:
    asset = await studio.ingest(write_wav(tmp_path / "source.wav", noise(2, 0.1), RATE))

    assert "silence" not in json.loads((studio.asset(asset) / "metadata.json").read_text())
