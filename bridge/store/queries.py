"""The SQL of this package, read from its `.sql` files by name."""

import re
from collections import ChainMap
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Final

_SECTION = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_COMMENT = re.compile(r"^ *+--.*\n", re.MULTILINE)
_FRAGMENT = re.compile(r"\{(\w+)\}")
_EACH_TYPE = re.compile(r"/\* each type \*/(.*?)/\* end \*/", re.DOTALL)


def load_queries(filename: str, *fragments: Mapping[str, str]) -> dict[str, str]:
    """The statements of one file, in its order, by the name above each.

    `{name}` is replaced by an earlier statement of the file, or by one of `fragments`.
    """
    text = files(__package__).joinpath("sql", filename).read_text(encoding="utf-8")
    parts = _SECTION.split(text)[1:]
    queries: dict[str, str] = {}
    known = ChainMap(queries, *map(dict, fragments))
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        statement = _COMMENT.sub("", body).strip()
        queries[name] = _FRAGMENT.sub(lambda found: known[found[1]], statement)
    return queries


def for_types(query: str, types: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The query with its part for each type repeated, and the arguments that name the types."""
    return _for_types(query, tuple(types))


@lru_cache(maxsize=256)
def _for_types(query: str, types: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """Once for all tables: a bridge may serve thousands."""
    names = {f"type_{number}": name for number, name in enumerate(types)}

    def repeated(part: re.Match[str]) -> str:
        return " UNION ALL ".join(re.sub(r":type\b", f":{name}", part[1]) for name in names)

    return _EACH_TYPE.sub(repeated, query), names


KEYS: Final = load_queries("keys.sql")
SCHEMA: Final = load_queries("schema.sql", KEYS)
PAUSES: Final = load_queries("pauses.sql", KEYS)
_ALL: Final = {"unheld": "", "unheld_type": ""}
JOBS: Final = load_queries("jobs.sql", KEYS, _ALL)
TENANTS: Final = load_queries("tenants.sql", JOBS, KEYS, _ALL)
_UNHELD: Final = load_queries("jobs.sql", KEYS, PAUSES)
UNHELD: Final = {**_UNHELD, **load_queries("tenants.sql", _UNHELD, KEYS, PAUSES)}
"""The statements of both with what is paused left out of the claims."""
RETENTION: Final = load_queries("retention.sql")
OUTBOX: Final = load_queries("outbox.sql")
BULK: Final = load_queries("bulk.sql")
BREAKER: Final = load_queries("breaker.sql", BULK, JOBS, KEYS)
USAGE: Final = load_queries("usage.sql")
SERVICE: Final = load_queries("service.sql")
UNIQUE: Final = load_queries("unique.sql", KEYS)
"""Apart from the schema, since rows that are there already may break it."""
