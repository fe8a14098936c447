"""Assets of the worker before audioprep: cut at the length that their `metadata.json` claims, and as quick as ours."""

import json
import statistics
import time
from collections.abc import Awaitable
from pathlib import Path

import pytest

from audioprep.jobs.errors import PermanentError
from tests.support.activities import Studio, clip_of, recipe_of
from tests.support.listening import samples_of, tone, write_wav
from tests.support.old_assets import FORMATS, OldAsset, add_old_asset, make_original
from tests.support.sound import decode

RATE = 44100


@pytest.mark.parametrize("form", FORMATS)
async def test_a_clip_as_long_as_the_container_says_is_rendered(studio: Studio, tmp_path: Path, form: str) -> None:
    original = make_original(tmp_path, form, 6)
    asset = add_old_asset(studio.storage, original)
    heard = decode(original, *_rate_and_channels(studio, asset))
    recipe = recipe_of(clip_of(asset.asset_id, 0, asset.duration, fadeOut=1), asset_id=asset.asset_id)

    preview = await studio.preview(recipe)
    saved = await studio.save(recipe)

    expected = min(asset.duration, heard.seconds)
    assert len(samples_of(saved)) == pytest.approx(expected * RATE, abs=1)
    assert preview.stat().st_size > 50_000


async def test_one_decode_serves_all_later_renders(studio: Studio, tmp_path: Path) -> None:
    """What was found is kept beside the asset: a file that says otherwise is believed as long as it fits the object."""
    asset = add_old_asset(studio.storage, make_original(tmp_path, "wav", 2))
    recipe = recipe_of(clip_of(asset.asset_id, 0, 2))
    await studio.save(recipe)
    media = studio.asset(asset.asset_id) / "media.json"
    known = json.loads(media.read_text())
    media.write_text(json.dumps(known | {"frames": RATE}))

    with pytest.raises(PermanentError, match=r"endTime 2 s is after the end of its source, which is 1\.000 s long"):
        await studio.save(recipe)

    assert (known["frames"], known["sampleRate"], known["channels"]) == (2 * RATE, RATE, 2)


async def test_an_original_that_was_replaced_is_worked_out_anew(studio: Studio, tmp_path: Path) -> None:
    asset = add_old_asset(studio.storage, make_original(tmp_path, "wav", 2))
    await studio.save(recipe_of(clip_of(asset.asset_id, 0, 2)))

    write_wav(studio.asset(asset.asset_id) / "original.wav", tone(5, RATE), RATE)
    saved = await studio.save(recipe_of(clip_of(asset.asset_id, 0, 5)))

    assert len(samples_of(saved)) == 5 * RATE


ODD = ["", "[]", '{"audio": {"duration": "long"}}', '{"duration": 1e999}', '{"audio": null}']


@pytest.mark.parametrize("content", ODD)
async def test_a_metadata_file_of_any_form_costs_a_decode_only(studio: Studio, tmp_path: Path, content: str) -> None:
    asset = add_old_asset(studio.storage, make_original(tmp_path, "wav", 2))
    (studio.asset(asset.asset_id) / "metadata.json").write_text(content)
    (studio.asset(asset.asset_id) / "media.json").write_text(content)

    saved = await studio.save(recipe_of(clip_of(asset.asset_id, 0, 2)))

    assert len(samples_of(saved)) == 2 * RATE


@pytest.mark.parametrize("form", ["mp3, variable bit rate", "aac, raw"])
async def test_from_the_second_render_on_they_take_no_longer_than_ours(
    studio: Studio, tmp_path: Path, form: str
) -> None:
    original = make_original(tmp_path, form, 120)
    old = add_old_asset(studio.storage, original)
    new = await studio.ingest(original)
    await _seconds(studio.save(_short(old.asset_id)))

    took: dict[str, list[float]] = {old.asset_id: [], new: []}
    for _ in range(5):
        for asset, times in took.items():
            times.append(await _seconds(studio.save(_short(asset))))

    ratio = statistics.median(took[old.asset_id]) / statistics.median(took[new])
    assert ratio <= 1.3, f"{ratio:.2f} of the time of an asset that audioprep ingested"


def _short(asset_id: str) -> dict[str, object]:
    return recipe_of(clip_of(asset_id, 90, 95))


async def _seconds(render: Awaitable[Path]) -> float:
    began = time.perf_counter()
    await render
    return time.perf_counter() - began


def _rate_and_channels(studio: Studio, asset: OldAsset) -> tuple[int, int]:
    audio = json.loads((studio.asset(asset.asset_id) / "metadata.json").read_text())["audio"]
    return audio["sampleRate"], audio["channels"]
