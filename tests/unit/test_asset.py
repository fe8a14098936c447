"""`metadata.json` in its three forms, and what of a URL is kept."""

import json

import pytest

from audioprep.jobs.types.asset import parse_asset
from audioprep.jobs.types.ingest import IngestPayload
from audioprep.jobs.types.provenance import source_url_of

AUDIO = {"duration": 30.328163, "sampleRate": 44100, "channels": 2, "codec": "mp3", "bitrate": 128015, "format": "mp3"}
OLD = {
    "assetId": "0b3b8a4e-6a1c-4f0e-9a51-0d0f6a2f9f11",
    "createdAt": "2026-02-20T10:00:00.000Z",
    "updatedAt": "2026-02-20T10:00:00.000Z",
    "audio": AUDIO,
    "provenance": {"sourceType": "youtube", "ingestToolVersions": {"yt-dlp": "2026.02.04"}},
}
FLAT = {
    "duration": 1.5,
    "sampleRate": 48000,
    "channels": 1,
    "codec": "opus",
    "format": "ogg",
    "originalFilename": "a.b",
}


def test_the_form_of_the_worker_before_is_read() -> None:
    found = parse_asset(json.dumps(OLD).encode())

    assert found is not None
    assert (found.audio.duration, found.audio.bitrate, found.media) == (30.328163, 128015, None)


def test_the_flat_form_of_earlier_versions_is_read() -> None:
    found = parse_asset(json.dumps(FLAT).encode())

    assert found is not None
    assert (found.audio.duration, found.audio.codec, found.original_filename) == (1.5, "opus", "a.b")


def test_unknown_fields_are_absent_not_null() -> None:
    found = parse_asset(json.dumps(OLD).encode())

    assert found is not None
    assert "null" not in found.to_json().decode()


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://www.youtube.com/watch?v=abc&list=PL1&t=30", "https://www.youtube.com/watch?v=abc&list=PL1&t=30"),
        ("https://example.org/a.mp3?id=7", "https://example.org/a.mp3?id=7"),
        ("https://example.org/a%20b.mp3?x=%2F", "https://example.org/a%20b.mp3?x=%2F"),
        ("https://bob:hunter2@example.org/a.mp3", "https://example.org/a.mp3"),
        ("https://example.org/a.mp3#access_token=x", "https://example.org/a.mp3"),
        ("https://example.org/a.mp3?token=x&id=7", "https://example.org/a.mp3?id=7"),
        (
            "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Date=D&X-Amz-Signature=S",
            "https://b.s3.amazonaws.com/k",
        ),
        ("https://x.blob.core.windows.net/k?sv=1&se=2&sr=b&sp=r&sig=S", "https://x.blob.core.windows.net/k"),
        ("https://cdn.example.org/k?Policy=P&Signature=S&Key-Pair-Id=K", "https://cdn.example.org/k"),
        ("https://example.org/k?author=me&auth=x&design=y", "https://example.org/k?author=me&design=y"),
        ("https://example.org/k?" + "a-" * 2000 + "token=x", "https://example.org/k"),
        ("no URL", None),
        ("https://[::1", None),
    ],
)
def test_a_source_url_names_the_source_and_opens_nothing(url: str, kept: str | None) -> None:
    assert source_url_of(url) == kept


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-01-31T12:00:00.123Z", "2026-01-31T12:00:00.123Z"),
        ("2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00.000Z"),
    ],
)
def test_the_time_of_an_attestation_is_written_as_the_table_does(text: str, written: str) -> None:
    source = {"sourceType": "url", "url": "https://example.org/a", "rightsAttestedAt": text}

    assert IngestPayload.model_validate(source).rights_attested_at == written


@pytest.mark.parametrize("text", ["yesterday", "", "0001-01-01T00:00:00+23:59"])
def test_an_attestation_at_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        IngestPayload.model_validate({"sourceType": "url", "url": "https://example.org/a", "rightsAttestedAt": text})
