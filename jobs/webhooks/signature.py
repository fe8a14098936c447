"""Signatures of webhooks: symmetric, version 1 of Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

_PREFIX: Final = "whsec_"
_MIN_BYTES, _MAX_BYTES = 24, 64  # of a secret, as the specification has it


def parse_secrets(text: str) -> tuple[bytes, ...]:
    """The secrets in `text`, separated by commas; each is `whsec_` and the base64 of 24 to 64 bytes.

    Raises ValueError, whose message does not hold the secret.
    """
    return tuple(_parse(word.strip()) for word in text.split(",") if word.strip())


def sign(secrets: Sequence[bytes], webhook_id: str, timestamp: int, body: str) -> str:
    """The header `webhook-signature`: a signature by each secret, so that a receiver may know either one."""
    signed = f"{webhook_id}.{timestamp}.{body}".encode()
    digests = [hmac.digest(secret, signed, hashlib.sha256) for secret in secrets]
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def _parse(word: str) -> bytes:
    try:
        secret = base64.b64decode(word.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not word.startswith(_PREFIX) or not _MIN_BYTES <= len(secret) <= _MAX_BYTES:
        raise ValueError(f"expected {_PREFIX} and the base64 of {_MIN_BYTES} to {_MAX_BYTES} bytes")
    return secret
