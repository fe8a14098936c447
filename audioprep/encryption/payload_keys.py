"""Keys of the payload encryption, as a setting holds them."""

import base64
from typing import Final

KEY_BYTES: Final = 32


class UnreadablePayload(ValueError):
    """A payload that the keys do not open, or that should have been encrypted. The message says which."""


def parse_keys(text: str) -> tuple[bytes, ...]:
    """The keys of the setting. Raises ValueError when one is none; the message does not show it."""
    keys = []
    for number, word in enumerate(text.split(","), 1):
        try:
            key = base64.b64decode(word.strip(), validate=True)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise ValueError(
                f"key {number} is not {KEY_BYTES} bytes in base64: make one with `openssl rand -base64 32`"
            )
        keys.append(key)
    return tuple(keys)
