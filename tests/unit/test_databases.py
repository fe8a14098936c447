"""A list of many databases, its shards, and the slots that they share."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioprep.bridge.fleet.databases import DatabaseEntry, Shard, parse_databases
from audioprep.bridge.services.claimer import Pace
from audioprep.bridge.tracking.slots import SlotCount, Slots, SlotShare
from audioprep.settings import Settings, SettingsError


def test_a_line_is_a_database() -> None:
    text = """
    # tenants
    libsql://one.example  name=one token=secret prefix=/tenants/one/
    https://two.example/db
    file:/data/three.db name=three
    """

    entries, faults = parse_databases(text, "of the group")

    assert entries == [
        DatabaseEntry("one", "libsql://one.example", "secret", "tenants/one"),
        DatabaseEntry("two.example/db", "https://two.example/db", "of the group"),
        DatabaseEntry("three", "file:/data/three.db", "of the group"),
    ]
    assert faults == []
    assert "secret" not in repr(entries)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("postgres://x", "expected a file:"),
        ("https://user:p@ss/word@x name=x", "no host that can be read"),
        ("https://x secret", "name=, token= and prefix= are known"),
        ("https://x token=", "each with a value"),
        ("https://x prefix=a/../b", "not a valid object key"),
        (f"https://x name={'n' * 201}", "1 to 200 printable"),
        ("https://first.example name=other", "another line has its name or its URL"),
        ("https://x name=first", "another line has its name or its URL"),
    ],
)
def test_a_line_that_is_none_leaves_the_others(line: str, fault: str) -> None:
    entries, faults = parse_databases(f"https://first.example name=first\n{line}\nhttps://last.example")

    assert [entry.name for entry in entries] == ["first", "last.example"]
    assert len(faults) == 1
    assert faults[0].startswith("line 2: ")
    assert fault in faults[0]


@given(st.sets(st.text(min_size=1), max_size=50), st.integers(1, 6))
def test_each_database_is_in_one_shard(names: set[str], shards: int) -> None:
    held = Counter(name for number in range(1, shards + 1) for name in names if Shard(number, shards).holds(name))

    assert held == Counter(names)


def test_shards_are_of_about_one_size() -> None:
    sizes = Counter(number for number in (1, 2, 3, 4) for name in range(1000) if Shard(number, 4).holds(f"db{name}"))

    assert min(sizes.values()) > 200


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "a/b", "1/", "-1/4", "1/0"])
def test_a_shard_is_a_number_of_a_number(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOPREP_SHARD", text)

    with pytest.raises(SettingsError, match="AUDIOPREP_SHARD: expected NUMBER/OF"):
        Settings()


def test_a_file_and_a_command_exclude_each_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUDIOPREP_DATABASES", str(tmp_path / "list"))
    monkeypatch.setenv("AUDIOPREP_DATABASES_COMMAND", "print-list")

    with pytest.raises(SettingsError, match="exclude each other"):
        Settings()


def test_a_local_stack_serves_no_list(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUDIOPREP_DATABASES", str(tmp_path / "list"))
    settings = Settings()

    assert settings.databases.are_many
    assert not settings.local(tmp_path).databases.are_many
    assert not settings.for_database("file:a.db", None, "tenants/a").databases.are_many


def test_polls_become_seldom_while_nothing_comes() -> None:
    pace = Pace(0.5, 0.5, 60.0)

    assert [pace.idle(polls) for polls in (0, 1, 2, 6, 7, 1_000)] == [0.5, 1.0, 2.0, 32.0, 60.0, 60.0]
    assert Pace(0.5, 3.0, 3.0).idle(9) == 3.0


class Table:
    """A table whose rows wait; it takes what it is granted."""

    def __init__(self, slots: Slots, rows: int) -> None:
        self.rows, self.running, self.woken = rows, 0, 0
        self.share: SlotShare = slots.share(self._wake)
        self.share.count = lambda: SlotCount(self.running)

    def _wake(self) -> None:
        self.woken += 1

    def poll(self) -> int:
        granted = min(self.share.take(100), self.rows) if self.rows else 0
        self.rows -= granted
        self.running += granted
        self.share.settle(hungry=self.rows > 0, served=granted > 0)
        return granted


def test_slots_are_dealt_in_turn() -> None:
    slots = Slots(4, 0)
    flood, one, two = Table(slots, 100), Table(slots, 2), Table(slots, 1)
    assert flood.poll() == 4
    assert (one.poll(), two.poll()) == (0, 0)

    flood.running = 1
    flood.share.freed()

    assert (flood.woken, one.woken, two.woken) == (1, 1, 1)
    assert (flood.poll(), one.poll(), two.poll()) == (1, 1, 1)
    assert slots.free == 0


def test_a_table_that_is_away_keeps_no_slot() -> None:
    slots = Slots(1, 0)
    away, other = Table(slots, 1), Table(slots, 2)
    other.poll()
    away.poll()

    away.share.settle(hungry=False, served=False)
    other.running = 0
    other.share.freed()

    assert other.poll() == 1


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["poll", "end", "rows"])), max_size=60), st.integers(1, 5))
def test_the_limit_holds_whatever_comes(moves: list[tuple[int, str]], limit: int) -> None:
    slots = Slots(limit, 0)
    tables = [Table(slots, 3) for _ in range(4)]
    for number, move in moves:
        table = tables[number]
        match move:
            case "poll":
                table.poll()
            case "end" if table.running:
                table.running -= 1
                table.share.freed()
            case _:
                table.rows += 1
        assert sum(each.running for each in tables) <= limit
    for _ in range(100):
        for table in tables:
            table.running = 0
            table.share.freed()
            table.poll()
    assert not any(table.rows for table in tables)
