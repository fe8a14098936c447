"""The jobs of the chaos: what is asked for, and how it ends if nobody cancels it."""

import random
from dataclasses import dataclass
from typing import Any

from tests.chaos.system import ASSET
from tests.support.activities import clip_of, recipe_of


@dataclass(frozen=True)
class Wish:
    type: str
    metadata: dict[str, Any]
    end: str = "complete"
    asset_id: str | None = None  # that its result names; None for one that the job makes


def choose(chance: random.Random) -> Wish:
    """Any of the job types; one in five is meant to fail."""
    kind = chance.choice(["ingest", "ingest", "preview", "save", "bad"])
    if kind == "ingest":
        return _ingest(f"uploads/tone{chance.choice([2, 12, 12, 40])}.mp3")
    if kind == "bad":
        return chance.choice([_ingest("uploads/noise.mp3", "failed"), _ingest("", "failed")])
    start = chance.randrange(20)
    recipe = recipe_of(clip_of(ASSET, start, start + 10), normalize=kind == "save" and chance.random() < 0.5)
    # Few hashes: previews of the same recipe meet.
    more = {"recipeHash": f"start{start % 3}"} if kind == "preview" else {}
    return Wish(kind, {"recipe": recipe, **more}, asset_id=recipe["assetId"])


def _ingest(key: str, end: str = "complete") -> Wish:
    return Wish("ingest", {"sourceType": "audio_file", "storageKey": key}, end)
