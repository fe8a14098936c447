"""Validation errors of a row's metadata as one sentence for its author."""

import json
from typing import Any

from pydantic import ValidationError

from audioprep.jobs.text.wording import printable

_CLIPS = "clips"
_MAX_NAMED = 5  # missing fields that are named
_MAX_FAULTS = 1_000  # faults of which the first is named; more would hold up the process


def first_error(error: ValidationError, metadata: str) -> str:
    """Where the first fault is, and which rule it breaks: `clip 4 ('intro'), volume: input should be ...`.

    Of fields that are missing beside each other all are named.

    The metadata is parsed once more for a clip's id, and for nothing else.
    """
    if error.error_count() > _MAX_FAULTS:  # pydantic lists all of them or none
        return f"it has {error.error_count():,} faults"
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    fault = faults[0]
    if fault["type"] == "json_invalid":
        return "it is not valid JSON"
    missing = [each["loc"] for each in faults if each["type"] == "missing" and each["loc"][:-1] == fault["loc"][:-1]]
    if len(missing) > 1 and _CLIPS not in fault["loc"][:-1]:
        return f"{', '.join(_place(loc, None) for loc in missing[:_MAX_NAMED])}: fields required"
    what = printable(fault["msg"].removeprefix("Value error, ")[:200])
    where = _place(fault["loc"], _parsed(metadata) if _CLIPS in fault["loc"] else None)
    return f"{where}: {what[:1].lower()}{what[1:]}" if where else what


def clip_name(index: int, clip_id: object) -> str:
    """A clip for people: its position, counted from 1, and its id if it has one, cut short."""
    return f"clip {index + 1} ({clip_id[:40]!r})" if clip_id and isinstance(clip_id, str) else f"clip {index + 1}"


def _place(location: tuple[int | str, ...], document: Any) -> str:
    """The path to the fault; a clip is named as a person would, and needs no path before it."""
    words: list[str] = []
    for position, part in enumerate(location):
        document = _child(document, part)
        if isinstance(part, int) and position and location[position - 1] == _CLIPS:
            words = [clip_name(part, _child(document, "id"))]
        else:
            words.append(str(part))
    named = [words.pop(0)] if words and words[0].startswith("clip ") else []
    return ", ".join([*named, ".".join(words)] if words else named)


def _child(document: Any, part: int | str) -> Any:
    if isinstance(document, dict):
        return document.get(part)
    if isinstance(document, list) and isinstance(part, int) and part < len(document):
        return document[part]
    return None


def _parsed(metadata: str) -> Any:
    try:
        return json.loads(metadata)
    except ValueError:
        return None
