"""Webhooks: the signature of the Standard Webhooks specification, version 1."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from typing import Any


class WebhookError(ValueError):
    """A delivery without a signature that is right."""


def verify_webhook(
    body: bytes | str,
    headers: Mapping[str, str],
    secrets: str | Iterable[str],
    *,
    tolerance: float = 300,
    now: float | None = None,
) -> Any:
    """The payload of a delivery whose signature is right. Raises WebhookError for every other.

    `body` is what came, before `json.loads`. Give both secrets, also with a comma between, while you rotate them.
    Deliveries may come twice: `webhook-id` stays the same for every try.
    """
    given = {name.lower(): value for name, value in headers.items()}
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    message, timestamp, signatures = (given.get(name, "") for name in names)
    if not (message and timestamp and signatures):
        raise WebhookError("A webhook- header is missing.")
    clock = time.time() if now is None else now
    if not (timestamp.isascii() and timestamp.isdigit() and abs(clock - int(timestamp[:12])) <= tolerance):
        raise WebhookError("The webhook's time is too far from this clock.")
    text = body.encode() if isinstance(body, str) else body
    signed = b".".join([message.encode(), timestamp.encode(), text])
    for secret in secrets.split(",") if isinstance(secrets, str) else secrets:
        wanted = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256)
        if any(hmac.compare_digest(wanted, code) for code in _codes(signatures)):
            return json.loads(text)
    raise WebhookError("No signature of the webhook is right.")


def _codes(signatures: str) -> Iterable[bytes]:
    for signature in signatures.split(" "):
        version, _, code = signature.partition(",")
        if version == "v1":
            try:
                yield base64.b64decode(code, validate=True)
            except binascii.Error:
                continue
