"""The contract's models: what is accepted, and what a refusal says."""

import json
import time
from typing import Any

import pytest
from pydantic import BaseModel

from audioprep.jobs.errors import PermanentError
from audioprep.jobs.payload import JobPayload
from audioprep.jobs.registry import JOB_TYPES, JobType
from audioprep.jobs.request import JobRequest
from audioprep.jobs.timestamps import from_text, to_text
from audioprep.jobs.types.ingest import AudioMetadata, IngestPayload, IngestResult


@pytest.mark.parametrize(
    "metadata",
    [
        {"sourceType": "audio_file", "storageKey": "uploads/a.mp3"},
        {"sourceType": "video_file", "storageKey": "uploads/a.mp4", "originalFilename": "a film.mp4"},
        {"sourceType": "url", "url": "https://example.com/a.mp3", "rightsAttested": True},
        {"sourceType": "youtube", "url": "https://youtu.be/x", "somethingOfTheApp": 1},
    ],
)
def test_payloads_of_the_contract_are_accepted(metadata: dict[str, Any]) -> None:
    payload = JOB_TYPES.find("ingest").parse(json.dumps(metadata))

    assert isinstance(payload, IngestPayload)


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ("{", "it is not valid JSON"),
        ("[]", "invalid"),
        ("null", "invalid"),
        ("{}", "sourceType"),
        ('{"sourceType": "audio_file"}', "sourceType audio_file needs storageKey"),
        ('{"sourceType": "youtube"}', "sourceType youtube needs url"),
        ('{"sourceType": "tape", "storageKey": "a"}', "sourceType"),
        ('{"sourceType": "audio_file", "storageKey": 7}', "storageKey"),
        ('{"sourceType": "url", "url": "https://a.example/b", "deleteUpload": true}', "deleteUpload goes with"),
        ('{"sourceType": "audio_file", "storageKey": "assets/a/b", "deleteUpload": true}', "no object below assets/"),
        ('{"sourceType": "audio_file", "storageKey": "' + "k" * 1025 + '"}', "storageKey"),
        ("[" * 1000 + "]" * 1000, "The metadata"),
        (" " * 1_000_001, "larger"),
    ],
)
def test_a_refusal_is_one_sentence_that_names_the_fault(metadata: str, says: str) -> None:
    with pytest.raises(PermanentError) as refusal:
        JOB_TYPES.find("ingest").parse(metadata)

    assert says in refusal.value.message
    assert "\n" not in refusal.value.message
    assert len(refusal.value.message) < 300


class Mark(BaseModel):
    at: int
    until: int
    name: str


class Marked(JobPayload):
    """As a package's own model may be: nothing in it stops at the first fault."""

    marks: list[Mark]


def test_a_refusal_takes_no_longer_for_many_faults() -> None:
    metadata = '{"marks": [' + ",".join(["{}"] * 20_000) + "]}"
    began = time.process_time()

    with pytest.raises(PermanentError) as refusal:
        JobType("marked", "Marked", Marked).parse(metadata)

    assert refusal.value.message == "The metadata of this marked job is invalid: it has 60,000 faults."
    assert time.process_time() - began < 1  # naming them takes three seconds


def test_a_refusal_shows_no_invisible_characters() -> None:
    with pytest.raises(PermanentError) as refusal:
        JOB_TYPES.find("save").parse('{"recipe": {"assetId": "\u202e\u001b", "clips": [1]}}')

    assert refusal.value.message.isprintable()


def test_an_unknown_type_is_told_the_known_ones() -> None:
    with pytest.raises(PermanentError, match=r"Unknown job type 'x': expected one of .*ingest"):
        JOB_TYPES.find("x")


def test_results_are_camel_case_json() -> None:
    metadata = AudioMetadata(
        duration=1.5, sample_rate=48000, channels=2, codec="opus", format="ogg", original_filename="a.opus"
    )

    assert IngestResult(asset_id="a", metadata=metadata, content_type="audio/ogg", size=7).model_dump() == {
        "assetId": "a",
        "originalKey": None,
        "peaksKey": None,
        "peaksDatKey": None,
        "waveformKey": None,
        "contentType": "audio/ogg",
        "bytes": 7,
        "bitrate": None,
        "metadata": {
            "duration": 1.5,
            "sampleRate": 48000,
            "channels": 2,
            "codec": "opus",
            "format": "ogg",
            "originalFilename": "a.opus",
        },
    }


def test_requests_round_trip_through_json() -> None:
    payload = IngestPayload(source_type="audio_file", storage_key="k")
    request = JobRequest[IngestPayload](job_id="j", type="ingest", payload=payload)

    assert JobRequest[IngestPayload].model_validate_json(request.model_dump_json()) == request
    assert json.loads(request.model_dump_json())["payload"]["storageKey"] == "k"


def test_times_are_written_as_the_table_has_them() -> None:
    text = "2026-01-31T12:00:00.123Z"

    assert to_text(from_text(text)) == text
    assert to_text(from_text("2026-01-31T13:00:00.123+01:00")) == text
    with pytest.raises(ValueError, match="time zone"):
        to_text(from_text(text).replace(tzinfo=None))
