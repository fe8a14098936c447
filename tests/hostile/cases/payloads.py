"""The metadata of a row: JSON that is none, too much of it, too deep, or with words that are not what they seem."""

import json
from collections.abc import Iterator
from typing import Any

from audioprep.jobs.registry import JOB_TYPES
from tests.hostile.case import Arena, Attack, Case, Expect

_KEY = "uploads/a.mp3"


def _ingest(**fields: Any) -> str:
    return json.dumps({"sourceType": "audio_file", "storageKey": _KEY, **fields})


REFUSED: dict[str, str] = {
    "nothing": "",
    "a NUL": "\0",
    "not JSON": "{'a': 1}",
    "cut off": '{"sourceType": "audio_f',
    "two documents": _ingest() + _ingest(),
    "a byte order mark": "\ufeff" + _ingest(),
    "10 MB of spaces": " " * 10_000_000,
    "10 MB in a field": _ingest(more="x" * 10_000_000),
    "1,000 levels of lists": "[" * 1000 + "]" * 1000,
    "1,000 levels of objects": '{"a":' * 1000 + "1" + "}" * 1000,
    "1,000 levels in a field": _ingest()[:-1] + ', "more": ' + "[" * 1000 + "]" * 1000 + "}",
    "100,000 levels cut off": "[" * 100_000,
    "half a character": '{"sourceType": "audio_file", "storageKey": "\\ud800"}',
    "null": "null",
    "a number of 4,000 digits": "9" * 4000,
    "a number of 900,000 digits": "9" * 900_000,
    "1e999": "1e999",
    "an unknown source type": _ingest(sourceType="../../etc"),
    "a source type in a list": _ingest(sourceType=["audio_file"]),
    "a key that is a number": _ingest(storageKey=1e308),
    "a key of 4,000 characters": _ingest(storageKey="k" * 4000),
    "a name of 4,000 characters": _ingest(originalFilename="n" * 4000),
    "no source at all": _ingest(storageKey=None),
    "NaN for a flag": '{"sourceType": "audio_file", "storageKey": "k", "rightsAttested": NaN}',
    "a prototype": '{"__proto__": {"sourceType": "audio_file"}}',
}
RIGHT: dict[str, str] = {
    "50,000 unknown fields": json.dumps(
        {"sourceType": "audio_file", "storageKey": _KEY} | {f"f{n}": 0 for n in range(50_000)}
    ),
    "the same field twice": '{"sourceType": "tape", "storageKey": "no", "sourceType": "audio_file", "storageKey": "k"}',
    "a name from right to left": _ingest(originalFilename="\u202e3pm.gnos\u2069"),
}
TYPES = (
    "",
    "ingest ",
    "INGEST",
    "__class__",
    "ingest\0",
    "ingest\n",
    "x" * 4000,
    "\u202eingest",
    "'; DROP TABLE x; --",
)


def cases() -> Iterator[Case]:
    for name, text in REFUSED.items():
        yield Case("metadata", name, Expect.REFUSED, _parsing("ingest", text))
    for name, text in RIGHT.items():
        yield Case("metadata", name, Expect.RIGHT, _parsing("ingest", text))
    for word in TYPES:
        yield Case("job type", repr(word)[:24], Expect.REFUSED, _parsing(word, "{}"))


def _parsing(kind: str, text: str) -> Attack:
    async def attack(_: Arena) -> str:
        return JOB_TYPES.find(kind).parse(text).summary

    return attack
