"""Which stored preview may stand for a recipe."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from audioprep.jobs.errors import ErrorKind, TransientError
from tests.support.activities import Studio, clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.listening import pitch_of, samples_of, stream_of, tone, write_wav

RATE = 44100
MINE, THEIRS = 440, 3000  # hertz


@pytest.fixture
def recipes(studio: Studio, tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two recipes of one asset that sound different."""
    sources = [studio.add(write_wav(tmp_path / f"{pitch}.wav", tone(2, RATE, pitch), RATE)) for pitch in (MINE, THEIRS)]
    mine = recipe_of(clip_of(sources[0], 0, 1))
    return mine, recipe_of(clip_of(sources[1], 0, 1), asset_id=mine["assetId"])


def _pitch(preview: Path) -> float:
    return round(pitch_of(samples_of(preview), RATE), -1)


async def test_another_recipe_under_my_hash_is_rendered_over(
    studio: Studio, recipes: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    mine, theirs = recipes

    heard = [_pitch(await studio.preview(recipe, "hash")) for recipe in (theirs, mine, theirs)]

    assert heard == [THEIRS, MINE, THEIRS]


async def test_a_preview_of_another_program_is_rendered_over(
    studio: Studio, recipes: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    mine, _ = recipes
    old = studio.asset(mine["assetId"]) / "preview_hash.mp3"
    old.parent.mkdir(parents=True)
    make_audio(old, 2, "-metadata", "title=audioprep-sound", source=f"sine={THEIRS}")

    made = await studio.preview(mine, "hash")

    assert (made, _pitch(made)) == (old, MINE)


@pytest.mark.parametrize("content", [b"", b"ID3", b"\0" * 5000], ids=["empty", "three bytes", "no tag"])
async def test_what_is_no_preview_is_replaced(
    studio: Studio, recipes: tuple[dict[str, Any], dict[str, Any]], content: bytes
) -> None:
    old = studio.asset(recipes[0]["assetId"]) / "preview_hash.mp3"
    old.parent.mkdir(parents=True)
    old.write_bytes(content)

    made = await studio.preview(recipes[0], "hash")

    assert _pitch(made) == MINE
    assert await studio.has_preview(recipes[0], "hash")


async def test_a_render_that_lost_its_key_is_no_success(
    studio: Studio, recipes: tuple[dict[str, Any], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another recipe's preview is stored between this one's writing and its end."""
    mine, theirs = recipes
    other = await studio.preview(theirs, "other")
    store = studio.resources.storage.move.__func__  # type: ignore[attr-defined]

    async def overtaken(self: Any, path: Path, key: str, content_type: Any = None) -> None:
        await store(self, path, key, content_type)
        shutil.copy(other, studio.storage / key)

    monkeypatch.setattr("audioprep.activities.storage.store.Storage.move", overtaken)
    with pytest.raises(TransientError, match="Another recipe's preview was stored") as caught:
        await studio.preview(mine, "hash")

    assert caught.value.kind is ErrorKind.STORAGE
    monkeypatch.undo()
    assert _pitch(await studio.preview(mine, "hash")) == MINE


async def test_without_a_hash_each_recipe_has_a_file_of_its_own(
    studio: Studio, recipes: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    files = [await studio.preview(recipe, None) for recipe in recipes]

    assert [_pitch(file) for file in files] == [MINE, THEIRS]
    assert {file.parent for file in files} == {studio.asset(recipes[0]["assetId"])}


async def test_a_recipe_that_sounds_the_same_is_not_rendered_again(
    studio: Studio, recipes: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    recipe = recipes[0]
    before = (await studio.preview(recipe, None)).stat()
    clip = {**recipe["clips"][0], "id": "another", "volume": 1.0, "endTime": 1.0}

    again = await studio.preview({**recipe, "clips": [clip], "outputFormat": "aac"}, None)

    assert (again.stat().st_ino, again.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


async def test_normalize_and_its_target_make_another_preview(
    studio: Studio, recipes: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    recipe, fields = recipes[0], ({}, {"normalize": True}, {"normalize": True, "targetLufs": -14})

    files = [await studio.preview(recipe | more, None) for more in fields]
    plain, normalised = [await studio.preview(recipe | more, "hash") for more in fields[:2]]

    assert len(set(files)) == 3
    assert plain == normalised
    assert not await studio.has_preview(recipe, "hash")
    assert await studio.has_preview(recipe | {"normalize": True, "targetLufs": -24, "truePeak": -2}, "hash")


async def test_a_changed_loudness_target_renders_again(
    studio: Studio, recipes: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    recipe = recipes[0] | {"normalize": True}
    await studio.preview(recipe, None)

    studio.target = studio.target.model_copy(update={"lufs": -16.0})

    assert not await studio.has_preview(recipe, None)


async def test_a_previews_tag_does_not_show_as_a_title(
    studio: Studio, recipes: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    made = await studio.preview(recipes[0])

    assert stream_of(made)["codec_name"] == "mp3"
    assert b"TIT2" not in made.read_bytes()[:500]
    assert str(recipes[0]["assetId"]).encode() not in made.read_bytes()
