"""The SQL of this room, read from its `.sql` files by name."""

import re
from importlib.resources import files
from typing import Final

_SECTION = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def load_queries(filename: str) -> dict[str, str]:
    """The statements of one file, in its order, by the name above each."""
    text = files(__package__).joinpath("sql", filename).read_text(encoding="utf-8")
    parts = _SECTION.split(text)[1:]
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


SCHEMA: Final = load_queries("schema.sql")
JOBS: Final = load_queries("jobs.sql")
