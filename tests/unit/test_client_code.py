"""The client packages: what is generated in them is that of the models, and the Python one agrees with them."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from audioprep.jobs.types.preview import digest_of
from audioprep.jobs.types.recipe import Recipe
from audioprep.jobs.webhooks.signature import parse_secrets, sign
from audioprep_client import (
    Bucket,
    RecipeError,
    WebhookError,
    build_recipe,
    check_recipe,
    recipe_hash,
    sign_download,
    sign_upload,
    verify_webhook,
)
from scripts.clients.__main__ import CLIENTS, generated

VECTORS: Final = json.loads((CLIENTS / "vectors.json").read_text())
INVALID: Final[dict[str, Any]] = {vector["name"]: vector for vector in VECTORS["invalid"]}
# https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
AWS = Bucket(
    "https://examplebucket.s3.amazonaws.com", "", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)
# https://github.com/standard-webhooks/standard-webhooks: the example of its libraries
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - published
BODY = b'{"test": 2432232314}'
HEADERS = {
    "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "Webhook-Timestamp": "1614265330",
    "Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
NOW = 1614265330.0


@pytest.mark.parametrize("path", generated(), ids=lambda path: Path(path).relative_to(CLIENTS).as_posix())
def test_generated_code_is_that_of_the_models(path: Path) -> None:
    """`make clients-code` writes it anew."""
    assert path.read_text("utf-8") == generated()[path]


def test_every_digest_is_the_one_that_audioprep_computes() -> None:
    assert [recipe_hash(vector["recipe"]) for vector in VECTORS["valid"]] == [
        vector["digest"] for vector in VECTORS["valid"]
    ]


def test_every_recipe_that_audioprep_takes_passes_the_checks() -> None:
    for vector in VECTORS["valid"]:
        check_recipe(vector["recipe"])


@pytest.mark.parametrize("name", INVALID)
def test_a_broken_recipe_has_the_sentence_of_the_bridge(name: str) -> None:
    with pytest.raises(RecipeError, match=f"^{re.escape(INVALID[name]['error'])}$"):
        check_recipe(INVALID[name]["recipe"])


def test_a_built_recipe_is_one_of_audioprep_s() -> None:
    asset = VECTORS["valid"][0]["recipe"]["assetId"]

    recipe = build_recipe(asset, [{"startTime": 0, "endTime": 2, "fadeIn": 1}], normalize=True, outputFormat="aac")

    assert digest_of(Recipe.model_validate(recipe)) == recipe_hash(recipe)
    with pytest.raises(RecipeError) as raised:
        build_recipe(asset, [{"startTime": 0, "endTime": 2}, {"startTime": 0, "endTime": 2, "volume": 3}])
    assert (raised.value.clip, raised.value.field) == (1, "volume")


def test_the_published_example_of_aws_has_the_same_signature() -> None:
    url = sign_download(AWS, "test.txt", expires=86400, now=datetime(2013, 5, 24, tzinfo=UTC))

    assert url.endswith("X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")


def test_an_upload_keeps_nothing_of_its_name_but_the_extension() -> None:
    upload = sign_upload(AWS, "../../My Song.MP3", 10, "audio/mpeg")

    assert re.fullmatch(r"uploads/[0-9a-f-]{36}/upload\.mp3", upload.storage_key)
    assert "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost" in upload.url
    for size in (0, 100_000_001):
        with pytest.raises(ValueError, match="bytes"):
            sign_upload(AWS, "a.mp3", size, "audio/mpeg")


def test_the_published_example_of_standard_webhooks_is_right() -> None:
    assert verify_webhook(BODY, HEADERS, SECRET, now=NOW) == {"test": 2432232314}
    assert verify_webhook(BODY.decode(), HEADERS, ["whsec_c2Vjb25k", SECRET], now=NOW) == {"test": 2432232314}


def test_what_audioprep_signs_is_right() -> None:
    secrets = "whsec_" + "b" * 32 + "," + SECRET
    signature = sign(parse_secrets(secrets), "msg_1", int(NOW), BODY.decode())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(NOW)), "webhook-signature": signature}

    assert verify_webhook(BODY, headers, SECRET, now=NOW) == {"test": 2432232314}
    assert verify_webhook(BODY, headers, secrets, now=NOW) == {"test": 2432232314}


@pytest.mark.parametrize(
    ("headers", "body", "secret", "now"),
    [
        ({}, BODY + b" ", SECRET, NOW),
        ({"Webhook-Id": "msg_other"}, BODY, SECRET, NOW),
        ({"Webhook-Timestamp": "1614265331"}, BODY, SECRET, NOW),
        ({"Webhook-Timestamp": "soon"}, BODY, SECRET, NOW),
        ({"Webhook-Signature": "v1,%%%"}, BODY, SECRET, NOW),
        ({"Webhook-Signature": ""}, BODY, SECRET, NOW),
        ({}, BODY, "whsec_c2Vjb25k", NOW),
        ({}, BODY, SECRET, NOW + 301),
        ({}, BODY, SECRET, NOW - 301),
    ],
    ids=["body", "id", "time", "no time", "no base64", "no signature", "secret", "old", "from the future"],
)
def test_any_other_delivery_is_refused(headers: dict[str, str], body: bytes, secret: str, now: float) -> None:
    with pytest.raises(WebhookError):
        verify_webhook(body, HEADERS | headers, secret, now=now)
