"""Digest of a recipe: SHA-256 of all that can be heard in its preview, the same that audioprep computes."""

import hashlib
import json
from typing import Any
from uuid import UUID

from audioprep_client.generated import HEARD, HEARD_IN_CLIP, PRESETS, PREVIEW_RATES, RENDERER, Recipe

_CLIP_DEFAULTS = {"volume": 1.0, "fadeIn": 0.0, "fadeOut": 0.0, "gap": 0.0, "crossfade": 0.0}
_JOINS = ("gap", "crossfade")  # left out where there are none, as recipes of earlier versions had none


def recipe_hash(recipe: Recipe) -> str:
    """SHA-256, in hexadecimal. Equal for recipes that sound the same: clip ids and the output's format do not count."""
    rate = recipe.get("outputSampleRate", 44100)
    sound: dict[str, Any] = {"renderer": RENDERER, "rate": rate if rate in PREVIEW_RATES else 44100}
    sound["clips"] = [_clip(dict(clip)) for clip in recipe["clips"]]
    # A preset stands for numbers, and numbers that are given win.
    preset: dict[str, float] = PRESETS.get(recipe.get("loudness") or "", {})
    given = {**preset, **{name: value for name, value in recipe.items() if value is not None}}
    sound["normalize"] = bool(preset) or recipe.get("normalize", False)
    if sound["normalize"]:
        sound.update({name: _optional(given.get(name)) for name in HEARD if name not in sound})
    canonical = json.dumps(sound, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _clip(clip: dict[str, Any]) -> dict[str, Any]:
    numbers = {name: float({**_CLIP_DEFAULTS, **clip}[name]) + 0.0 for name in HEARD_IN_CLIP[1:]}
    heard = {name: number for name, number in numbers.items() if number or name not in _JOINS}
    return {"sourceAssetId": str(UUID(clip["sourceAssetId"])), **heard}


def _optional(value: Any) -> float | None:
    return None if value is None else float(value) + 0.0
