"""Storage keys and the rows they come from: what is let in, and what is not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import MemoryStore

from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.keys import asset_id_for, checked, extension_of, original
from audioprep.jobs.registry import INGEST, MAX_METADATA_BYTES


@pytest.mark.parametrize(
    "key",
    [
        "a",
        "uploads/x.mp3",
        "a b/ü 漢字 😀.mp3",
        "-i",
        "100%2e%2e",
        "a:b",
        "...",
        "..a/b..",
        "~",
        "x" * 255,
        "a/" * 511 + "a",
    ],
)
def test_keys_that_name_an_object(key: str) -> None:
    assert checked(key) == key


@pytest.mark.parametrize(
    "key",
    [
        *("", "/", "/etc/passwd", "a//b", "a/", "../x", "a/../b", "a/..", "./a", "a/./b", ".", ".."),
        *("a\nb", "a\x00b", "a\x7fb", "\x1b[31m", "..\\x", "a\\b", "x" * 256, "a/" * 512 + "a", "\ud800"),
    ],
)
def test_keys_that_could_name_something_else(key: str) -> None:
    with pytest.raises(PermanentError) as caught:
        checked(key)

    assert caught.value.kind is ErrorKind.INVALID_PAYLOAD
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 500


@given(st.text(min_size=1, max_size=300) | st.text("./\\ab%\x00\n", max_size=12))
def test_every_key_let_in_is_one_the_store_takes_unchanged(key: str) -> None:
    try:
        checked(key)
    except PermanentError:
        return
    store = MemoryStore()
    store.put(key, b"")
    assert store.head(key)["path"] == key


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("a.mp3", "mp3"),
        ("a.MP3", "mp3"),
        ("a.tar.gz", "gz"),
        ("folder.x/name", "bin"),
        ("a", "bin"),
        (".mp3", "bin"),
        ("a.", "bin"),
        ("a.verylongone", "bin"),
        ("a.m p", "bin"),
        ("a.ü", "bin"),
        ("a.mp3\n", "bin"),
        ("", "bin"),
    ],
)
def test_the_extension_of_a_name(name: str, extension: str) -> None:
    assert extension_of(name) == extension


@given(st.text(max_size=40))
def test_an_extension_always_makes_a_valid_key(name: str) -> None:
    key = original(asset_id_for("job"), extension_of(name))

    assert checked(key) == key


def test_an_asset_has_the_same_id_at_every_attempt() -> None:
    table, other = "0123456789ab", "ba9876543210"
    ids = [asset_id_for("job-1", table), asset_id_for("job-2", table), asset_id_for("job-1", other)]
    ids += [asset_id_for("job-1", table, "1"), asset_id_for("job-1/1", table), asset_id_for("job-1")]

    assert asset_id_for("job-1", table) == ids[0]
    assert len(set(ids)) == len(ids)
    assert asset_id_for("job-1") == "a99e1f9f-98a6-5ffc-8c4d-5ddb27d20bee"


def test_metadata_may_be_large_but_not_larger_than_temporal_takes() -> None:
    source = {"sourceType": "audio_file", "storageKey": "k"}
    room = MAX_METADATA_BYTES - len(json.dumps(source | {"more": ""}))

    INGEST.parse(json.dumps(source | {"more": "x" * room}))
    with pytest.raises(PermanentError, match="larger than 1,000,000 bytes"):
        INGEST.parse(json.dumps(source | {"more": "x" * (room + 1)}))
    with pytest.raises(PermanentError, match="larger than 1,000,000 bytes"):
        INGEST.parse(json.dumps(source | {"more": "語" * (room // 2)}, ensure_ascii=False))


@pytest.mark.parametrize("field", ["storageKey", "originalFilename", "url"])
def test_a_field_has_its_own_limit(field: str) -> None:
    source = {"sourceType": "audio_file", "storageKey": "k", field: "x" * 5000}

    with pytest.raises(PermanentError, match=f"{field}: string should have at most"):
        INGEST.parse(json.dumps(source))
