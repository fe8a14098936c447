"""The list of databases of a bridge: one a line, with a name, a token and a storage prefix. Pure."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from audioprep.bridge.database.database import REMOTE_SCHEMES
from audioprep.bridge.database.database_url import endpoint_of
from audioprep.bridge.store.identity import place_of
from audioprep.jobs.errors import PermanentError
from audioprep.jobs.keys import checked

MAX_NAME: Final = 200  # characters
_NAME: Final = re.compile(r"[!-~]+")  # printable ASCII without spaces
_FIELDS: Final = ("name", "token", "prefix")


@dataclass(frozen=True, slots=True)
class DatabaseEntry:
    """One database. `prefix` is the folder of the storage that its files are in; empty for the storage's root."""

    name: str
    url: str
    token: str | None = field(default=None, repr=False)
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `number` of `of` parts, into which names fall by their hash: the same in every process."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """`1/4`, or nothing for all. Raises ValueError for any other text."""
        if not text:
            return cls()
        number, slash, of = text.partition("/")
        if not (slash and number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
            raise ValueError("expected NUMBER/OF, as 1/4, with a number from 1 on")
        return cls(int(number), int(of))

    def holds(self, name: str) -> bool:
        digest = hashlib.sha256(name.encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1


def parse_databases(text: str, default_token: str | None = None) -> tuple[list[DatabaseEntry], list[str]]:
    """The databases of a list, and a sentence for each line that is none: it quotes nothing, for a line may be secret.

    A line is `URL [name=NAME] [token=TOKEN] [prefix=FOLDER]`; empty lines and those that begin with `#` do not count.
    Without a name it is the URL's host and path. Of two databases with one name, or at one place, the first counts.
    """
    entries: dict[str, DatabaseEntry] = {}
    places: set[str] = set()
    faults: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            entry = _entry(words[0], words[1:], default_token)
        except (ValueError, PermanentError) as error:
            faults.append(f"line {number}: {error}")
            continue
        if entry.name in entries or place_of(entry.url) in places:
            faults.append(f"line {number}: another line has its name or its URL")
            continue
        entries[entry.name] = entry
        places.add(place_of(entry.url))
    return list(entries.values()), faults


def by_name(entries: Iterable[DatabaseEntry], name: str) -> DatabaseEntry | None:
    return next((entry for entry in entries if entry.name == name), None)


def _entry(url: str, words: list[str], default_token: str | None) -> DatabaseEntry:
    fields = dict(_field(word) for word in words)
    token = fields.get("token") or default_token
    scheme = url.partition(":")[0].lower()
    if scheme in REMOTE_SCHEMES:
        endpoint_of(url, token)
    elif scheme != "file":
        raise ValueError("expected a file:, libsql:, https: or http: URL")
    name = fields.get("name") or place_of(url)
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise ValueError(f"a name has 1 to {MAX_NAME} printable ASCII characters and no space")
    prefix = fields.get("prefix", "").strip("/")
    return DatabaseEntry(name, url, token, checked(prefix) if prefix else "")


def _field(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if name not in _FIELDS or not equals or not value:
        raise ValueError("after the URL, name=, token= and prefix= are known, each with a value")
    return name, value
