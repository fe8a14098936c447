"""Payload encryption: without it, URLs and file names are readable in Temporal's history.

Optional: with AUDIOPREP_PAYLOAD_KEY set, everything that our clients and workers hand to Temporal is encrypted with
AES-256-GCM. The variable holds one key or several, in base64 and separated by commas: the first encrypts, all decrypt.
To change keys, append the new one everywhere, then put it in front, and take the old one out when its last history is
gone.

A ciphertext is bound to its key, not to its workflow: a writer to the namespace can put one payload in the place of
another, but cannot read or make one. With AUDIOPREP_ENCRYPTED_ONLY, payloads in clear are refused as well.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    DefaultPayloadConverter,
    PayloadCodec,
)

from audioprep.encryption.payload_keys import UnreadablePayload

_ENCODING: Final = b"binary/encrypted"  # the name that Temporal's own samples give it
_KEY_ID: Final = "encryption-key-id"
_NONCE: Final = 12  # bytes, as NIST SP 800-38D recommends; random, since nothing counts payloads across processes


class EncryptingCodec(PayloadCodec):
    """Encrypts with the first of `keys`. Reads what any of them encrypted, and payloads in clear unless `strict`."""

    def __init__(self, keys: Sequence[bytes], *, strict: bool = False) -> None:
        self._strict = strict
        self._ciphers = {key_id(key): AESGCM(key) for key in keys}
        self._current = key_id(keys[0])

    async def encode(self, payloads: Iterable[Payload]) -> list[Payload]:
        return [self._encrypted(payload) for payload in payloads]

    async def decode(self, payloads: Iterable[Payload]) -> list[Payload]:
        """Raises UnreadablePayload for what was encrypted with a key we do not have, or changed since."""
        return [self._decrypted(payload) for payload in payloads]

    def _encrypted(self, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE)
        name = self._current.encode()
        data = nonce + self._ciphers[self._current].encrypt(nonce, payload.SerializeToString(), name)
        return Payload(metadata={"encoding": _ENCODING, _KEY_ID: name}, data=data)

    def _decrypted(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != _ENCODING:
            if self._strict:
                raise UnreadablePayload("A payload is not encrypted, which AUDIOPREP_ENCRYPTED_ONLY refuses.")
            return payload
        name = payload.metadata.get(_KEY_ID, b"")
        cipher = self._ciphers.get(name.decode("ascii", "replace"))
        if cipher is None:
            raise UnreadablePayload("A payload is encrypted with a key that AUDIOPREP_PAYLOAD_KEY does not hold.")
        try:
            plain = cipher.decrypt(payload.data[:_NONCE], payload.data[_NONCE:], name)
        except (InvalidTag, ValueError):  # the latter for data that is too short to be any
            raise UnreadablePayload("An encrypted payload was changed after it was written.") from None
        return Payload.FromString(plain)


def key_id(key: bytes) -> str:
    """Names a key without telling anything of it."""
    return hashlib.sha256(b"audioprep payload key\0" + key).hexdigest()[:16]


def data_converter(
    keys: Sequence[bytes], client_converter: DataConverter = DataConverter.default, *, strict: bool = False
) -> DataConverter:
    """How values become payloads; without keys, in clear. With keys, failures are payloads, too; `strict`: all are.

    What somebody has put in `theirs` stays, and only what is Temporal's default there becomes ours. A payload converter
    of their own has to know Pydantic's models. Raises ValueError when both sides would encrypt.
    """
    converter = client_converter
    if converter.payload_converter_class is DefaultPayloadConverter:
        converter = replace(converter, payload_converter_class=pydantic_data_converter.payload_converter_class)
    if not keys:
        return converter
    if converter.payload_codec is not None:
        raise ValueError("The client has a payload codec of its own: take out that one, or AUDIOPREP_PAYLOAD_KEY.")
    return replace(
        converter,
        payload_codec=EncryptingCodec(keys, strict=strict),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
