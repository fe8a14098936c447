"""Recipes: numbers that are none, ids that are paths, and more of everything than there is room for."""

import json
import uuid
from collections.abc import Iterator

from audioprep.jobs.registry import JOB_TYPES
from tests.hostile.case import Arena, Case, Expect

_ASSET = str(uuid.UUID(int=7))
_NUMBERS = (
    "NaN",
    "Infinity",
    "-Infinity",
    "-1",
    "-0.0001",
    "1e308",
    "1e999",
    '"1e9999"',
    "null",
    "[]",
    "true and false",
)
_TIMES = ("startTime", "endTime", "volume", "fadeIn", "fadeOut")
_IDS = ("../../../etc/passwd", "/etc/passwd", "", "\0", "-i", "1" * 4000, "{0}", "00000000-0000-0000-0000-00000000000g")
_HASHES = ("../../x", "a/b", "", "x" * 129, "a\n", "\u202eabc", "a%2fb", "-" * 200)


def _recipe(clip: str = "", fields: str = "", clips: int = 1) -> str:
    """JSON put together as text, since no JSON library would write some of it. What comes last in an object counts."""
    parts = [f'{{"id": "c{n}", "sourceAssetId": "{_ASSET}", "startTime": 0, "endTime": 1{clip}}}' for n in range(clips)]
    return f'{{"recipe": {{"version": 1, "assetId": "{_ASSET}", "clips": [{", ".join(parts)}]{fields}}}}}'


def cases() -> Iterator[Case]:
    for field in _TIMES:
        for number in _NUMBERS:
            if (field, number) != ("startTime", "-0.0"):
                yield _refused(f"{field} {number}", _recipe(clip=f', "{field}": {number}'))
    for field in ("outputSampleRate", "targetLufs", "truePeak", "version"):
        for number in ("NaN", "Infinity", "-1e308", "1e308", "2147483648"):
            yield _refused(f"{field} {number}", _recipe(fields=f', "{field}": {number}'))
    for asset in _IDS:
        text = json.dumps(asset)
        yield _refused(f"assetId {text[:24]}", _recipe(fields=f', "assetId": {text}'))
        yield _refused(f"sourceAssetId {text[:24]}", _recipe(clip=f', "sourceAssetId": {text}'))
    yield _refused("no clips", _recipe(clips=0))
    yield _refused("51 clips", _recipe(clips=51))
    yield _refused("5,000 clips", _recipe(clips=5000))
    yield _refused("a bad clip whose id has 4,000 characters", _recipe(clip=f', "volume": 3, "id": "{"x" * 4000}"'))
    yield _refused("an output format that is a path", _recipe(fields=', "outputFormat": "../x"'))
    yield _refused("a filter graph for a format", _recipe(fields=', "outputFormat": "wav[x];amovie=/etc/passwd"'))
    for recipe_hash in _HASHES:
        payload = json.loads(_recipe()) | {"recipeHash": recipe_hash}
        yield _refused(f"recipeHash {recipe_hash[:16]!r}", json.dumps(payload), "preview")


def _refused(name: str, text: str, kind: str = "save") -> Case:
    async def attack(_: Arena) -> str:
        return JOB_TYPES.find(kind).parse(text).summary

    return Case("recipe", name, Expect.REFUSED, attack)
