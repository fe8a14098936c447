"""Poisoned rows: what untrusted users and faulty programs may leave in a jobs table, and how such a row must end."""

import json
from dataclasses import dataclass
from typing import Final

from tests.support.webapp import WebApp

ROUTED: Final = "carried"
_GONE: Final = json.dumps({"sourceType": "audio_file", "storageKey": "uploads/gone.mp3"})


def _text(value: str) -> str:
    """An SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def _many(count: int, of: str) -> str:
    """An SQL expression for `of`, repeated: the row is made by the server, not sent to it."""
    return f"replace(printf('%.*c', {count}, 'x'), 'x', {_text(of)})"


def _url(url: str) -> str:
    return _text(json.dumps({"sourceType": "url", "url": url}, ensure_ascii=False))


@dataclass(frozen=True)
class Poison:
    """SQL expressions by column, in which `:n` is a number of the row's own, and the `result.error.kind` to come."""

    kind: str
    columns: dict[str, str]
    type: str = "ingest"


_INVALID, _MISSING = "InvalidPayload", "SourceMissing"
_TIME = "strftime('%Y-%m-%dT%H:%M:%fZ')"

POISONS: Final = {
    "an id of 1,200 characters": Poison(_INVALID, {"jobId": "printf('%01200d', :n)"}),
    "an id with an escape sequence": Poison(_INVALID, {"jobId": "char(27) || '[31m' || :n"}),
    "an id that is a blob": Poison(_INVALID, {"jobId": "CAST(x'ff00' || :n AS BLOB)"}),
    "malformed JSON": Poison(_INVALID, {"metadata": "'{'"}),
    "2.7 MB of metadata": Poison(_INVALID, {"metadata": f"'{{\"more\": \"' || {_many(2_700_000, 'm')} || '\"}}'"}),
    "0.9 MB of bad clips": Poison(
        _INVALID,
        {
            "metadata": '\'{"recipeHash":"h","recipe":{"version":1,"assetId":"a","clips":[\' || '
            + _many(99_000, '{"id":1},')
            + " || '{\"id\":1}]}}'"
        },
        "preview",
    ),
    "a text as progress": Poison(_MISSING, {"progress": "'half'", "metadata": _text(_GONE)}),
    "a text as retryCount": Poison(_MISSING, {"retryCount": "'one'", "metadata": _text(_GONE)}),
    "a stage of 1 MB": Poison(_MISSING, {"stage": _many(1_000_000, "s"), "metadata": _text(_GONE)}),
    "metadata that is a blob": Poison(_INVALID, {"metadata": "x'7b7d'"}),
    "a URL of 4,000 characters that looks like tokens": Poison(
        "Refused", {"metadata": _url("http://127.0.0.1:9/" + "token-" * 660)}
    ),
    "a host of 80 CJK letters": Poison(_INVALID, {"metadata": _url(f"http://{'語' * 80}/a.mp3")}),
    "an unknown sourceType": Poison(_INVALID, {"metadata": '\'{"sourceType": "carrier pigeon"}\''}),
    "times that are none, and invalid metadata": Poison(
        _INVALID, {"createdAt": "'17'", "updatedAt": "'0001-01-01T00:00:00+23:59'", "metadata": "'[]'"}
    ),
    "NaN in a routed type": Poison(_INVALID, {"metadata": "'{\"loudness\": NaN}'"}, ROUTED),
    "a number beyond all numbers in a routed type": Poison(_INVALID, {"metadata": "'{\"loudness\": 1e999}'"}, ROUTED),
    "half a surrogate pair in a routed type": Poison(_INVALID, {"metadata": '\'{"name": "\\ud800"}\''}, ROUTED),
    "a hundred thousand brackets in a routed type": Poison(
        _INVALID, {"metadata": f"'{{\"deep\": ' || {_many(100_000, '[')} || {_many(100_000, ']')} || '}}'"}, ROUTED
    ),
    "800,000 CJK letters in a routed type": Poison(
        _INVALID, {"metadata": f"'{{\"text\": \"' || {_many(800_000, '語')} || '\"}}'"}, ROUTED
    ),
    "a routed workflow that returns bytes": Poison("InvalidResult", {"metadata": '\'{"result": "bytes"}\''}, ROUTED),
}


async def insert(app: WebApp, poison: Poison, number: int) -> int:
    """One such row. Its rowid, since its id may be no text."""
    columns = {
        "jobId": "'poison-' || :n",
        "type": _text(poison.type),
        "status": "'pending'",
        "metadata": "'{}'",
        "createdAt": _TIME,
        "updatedAt": _TIME,
        **poison.columns,
    }
    values = ", ".join(columns.values()).replace(":n", str(number))
    statement = f"INSERT INTO audio_prep_jobs ({', '.join(columns)}) VALUES ({values}) RETURNING rowid AS n"
    return int((await app.sql(statement))[0]["n"])
