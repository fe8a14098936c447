"""Encrypted payloads: only who has the key can read them, and keys can be changed without losing histories."""

import base64
from dataclasses import replace

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter

from audioprep.encryption.payload_codec import EncryptingCodec, data_converter, key_id
from audioprep.encryption.payload_keys import UnreadablePayload, parse_keys
from audioprep.settings import Settings, SettingsError

OLD, NEW = bytes(32), bytes(range(32))
CLEAR = Payload(metadata={"encoding": b"json/plain"}, data=b'"https://host/a?sig=hunter2"')


async def test_what_is_encrypted_comes_back() -> None:
    codec = EncryptingCodec([OLD])

    sealed = await codec.encode([CLEAR, CLEAR])

    assert b"hunter2" not in sealed[0].SerializeToString()
    assert sealed[0].data != sealed[1].data, "equal payloads look different"
    assert await codec.decode(sealed) == [CLEAR, CLEAR]


async def test_a_new_key_reads_what_the_old_one_wrote() -> None:
    written = await EncryptingCodec([OLD]).encode([CLEAR])
    rotated = EncryptingCodec([NEW, OLD])

    assert await rotated.decode(written) == [CLEAR]
    assert (await rotated.encode([CLEAR]))[0].metadata["encryption-key-id"] == key_id(NEW).encode()


async def test_what_was_never_encrypted_is_read_too() -> None:
    assert await EncryptingCodec([OLD]).decode([CLEAR]) == [CLEAR]


async def test_strict_refuses_what_was_never_encrypted() -> None:
    codec = EncryptingCodec([OLD], strict=True)

    with pytest.raises(UnreadablePayload, match="AUDIOPREP_ENCRYPTED_ONLY"):
        await codec.decode([CLEAR])
    assert await codec.decode(await codec.encode([CLEAR])) == [CLEAR]


@pytest.mark.parametrize("data", [b"", b"123", b"x" * 12, b"x" * 40])
async def test_data_that_is_no_ciphertext_is_refused(data: bytes) -> None:
    metadata = {"encoding": b"binary/encrypted", "encryption-key-id": key_id(OLD).encode()}

    with pytest.raises(UnreadablePayload, match="was changed"):
        await EncryptingCodec([OLD]).decode([Payload(metadata=metadata, data=data)])


def test_encrypted_only_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOPREP_ENCRYPTED_ONLY", "1")

    with pytest.raises(SettingsError, match="AUDIOPREP_ENCRYPTED_ONLY needs AUDIOPREP_PAYLOAD_KEY"):
        Settings()


async def test_without_the_key_nothing_is_read() -> None:
    sealed = await EncryptingCodec([OLD]).encode([CLEAR])

    with pytest.raises(ValueError, match="AUDIOPREP_PAYLOAD_KEY does not hold"):
        await EncryptingCodec([NEW]).decode(sealed)


@pytest.mark.parametrize("position", [0, 5, 12, 40, -1])
async def test_a_changed_byte_is_noticed(position: int) -> None:
    codec = EncryptingCodec([OLD])
    (sealed,) = await codec.encode([CLEAR])
    data = bytearray(sealed.data)
    data[position] ^= 1
    sealed.data = bytes(data)

    with pytest.raises(ValueError, match="was changed"):
        await codec.decode([sealed])


def test_keys_are_a_list_in_base64() -> None:
    text = ", ".join(base64.b64encode(key).decode() for key in (NEW, OLD))

    assert parse_keys(text) == (NEW, OLD)
    assert data_converter(()).payload_codec is None


def test_what_a_client_has_already_stays() -> None:
    codec = EncryptingCodec([bytes(32)])
    theirs = replace(DataConverter.default, payload_codec=codec)

    ours = data_converter((), theirs)

    assert ours.payload_codec is codec
    assert ours.payload_converter_class is pydantic_data_converter.payload_converter_class
    with pytest.raises(ValueError, match="payload codec of its own"):
        data_converter([bytes(32)], theirs)


@pytest.mark.parametrize("text", ["hunter2", "aHVudGVyMg==", f"{base64.b64encode(OLD).decode()},", "ä", "*" * 44])
def test_a_key_that_is_none_stops_the_start_and_is_not_shown(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOPREP_PAYLOAD_KEY", text)

    with pytest.raises(SettingsError, match=r"AUDIOPREP_PAYLOAD_KEY: .*32 bytes in base64") as caught:
        Settings()

    assert text not in str(caught.value)
