"""Bodies, ids, signatures and settings of webhooks; the reference is the library of Standard Webhooks."""

import base64
import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from audioprep.bridge.services.webhooks import delivery_of, delivery_of_row
from audioprep.bridge.store.outbox import OutboxEntry
from audioprep.jobs.job import Job
from audioprep.jobs.request import job_id_of
from audioprep.jobs.status import JobStatus
from audioprep.jobs.webhooks.event import MAX_BODY, webhook_id_for
from audioprep.jobs.webhooks.signature import parse_secrets, sign
from audioprep.settings import Settings, SettingsError

TABLE = "0123456789ab"
SECRETS = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + base64.b64encode(bytes(range(32))).decode())


def entry(event: str = "job.complete", **values: object) -> OutboxEntry:
    fields = {
        "job_id": "a job",
        "type": "save",
        "event": event,
        "ended_at": "2026-01-31T12:00:00.000Z",
        "result": '{"assetId": "a"}',
        "result_omitted": False,
        "error": None,
        "retry_count": 1,
        "created_at": "2026-01-31T11:59:00.000Z",
        "tenant": "acme",
    }
    return OutboxEntry(**(fields | values))  # type: ignore[arg-type]


def body_of(found: OutboxEntry) -> dict[str, object]:
    return dict(json.loads(delivery_of(found, TABLE).body))


@given(body=st.text(max_size=200))
def test_each_secret_verifies_what_both_have_signed(body: str) -> None:
    now = int(time.time())
    signature = sign(parse_secrets(", ".join(SECRETS)), "msg_1", now, body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": signature}

    for secret in SECRETS:
        Webhook(secret).verify(body, headers, json_parse=False)


def test_the_signature_is_that_of_the_reference() -> None:
    moment = datetime(2026, 1, 31, tzinfo=UTC)

    ours = sign(parse_secrets(SECRETS[0]), "msg_1", int(moment.timestamp()), '{"a": "ü"}')

    assert ours == Webhook(SECRETS[0]).sign("msg_1", moment, '{"a": "ü"}')


@pytest.mark.parametrize("text", ["hello", "whsec_c2hvcnQ=", "whsec_%%%", "whsec_" + "A" * 120])
def test_what_is_no_secret_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_secrets(text)

    assert text not in str(refused.value)


def test_a_complete_job_says_what_an_app_needs() -> None:
    assert body_of(entry()) == {
        "type": "job.complete",
        "timestamp": "2026-01-31T12:00:00.000Z",
        "data": {
            "jobId": "a job",
            "jobType": "save",
            "tableId": TABLE,
            "status": "complete",
            "tenant": "acme",
            "result": {"assetId": "a"},
            "resultOmitted": False,
            "error": None,
            "retryCount": 1,
            "createdAt": "2026-01-31T11:59:00.000Z",
            "endedAt": "2026-01-31T12:00:00.000Z",
        },
    }


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (
            '{"error": {"kind": "Network", "retryable": true, "attempts": 3}}',
            {"message": "It broke.", "kind": "Network", "retryable": True, "attempts": 3},
        ),
        ("no JSON", {"message": "It broke.", "kind": None, "retryable": False, "attempts": 0}),
        (None, {"message": "It broke.", "kind": None, "retryable": False, "attempts": 0}),
    ],
    ids=["failed by audioprep: the kind", "failed by another program: no kind", "failed without a result: no kind"],
)
def test_a_failed_job_says_why(result: str | None, error: dict[str, object]) -> None:
    data = body_of(entry("job.failed", result=result, error="It broke."))["data"]

    assert isinstance(data, dict)
    assert data["error"] == error
    assert data["result"] is None


def test_a_large_result_is_left_to_the_row() -> None:
    large = json.dumps({"peaks": "ü" * (MAX_BODY // 2)}, ensure_ascii=False)

    found = delivery_of(entry(result=large), TABLE)

    assert len(found.body.encode()) < MAX_BODY
    assert json.loads(found.body)["data"]["resultOmitted"] is True


@pytest.mark.parametrize(("job_id", "event"), [("a\tjob", "job.complete"), ("", "job.complete"), ("a", "job.lost")])
def test_what_is_no_end_of_a_job_is_refused(job_id: str, event: str) -> None:
    with pytest.raises(ValueError):
        delivery_of(entry(event, job_id=job_id), TABLE)


@pytest.mark.parametrize(
    ("status", "stage", "ended"),
    [
        ("complete", "finalizing", True),
        ("cancelled", None, True),
        ("cancelled", "queued", False),
        ("pending", None, False),
    ],
    ids=[
        "complete: ended",
        "cancelled, acknowledged: ended",
        "cancelled, not acknowledged: not yet",
        "pending: not yet",
    ],
)
def test_only_a_row_that_has_ended_is_delivered_again(status: str, stage: str | None, ended: bool) -> None:
    row = Job("j", "save", JobStatus(status), 0, stage, '{"tenant": "acme"}', "{}", None, 0, "2026", "2026")

    if ended:
        assert json.loads(delivery_of_row(row, TABLE).body)["data"]["tenant"] == "acme"
    else:
        with pytest.raises(ValueError, match="has not ended"):
            delivery_of_row(row, TABLE)


def test_ids_are_those_of_table_and_job() -> None:
    ids = {webhook_id_for(table, job) for table in (TABLE, "ba9876543210") for job in ("a", "b", "ü/1")}

    assert len(ids) == 6
    assert delivery_of(entry(), TABLE).webhook_id == webhook_id_for(TABLE, "a job")


def test_logs_name_the_job_of_a_delivery() -> None:
    assert job_id_of(delivery_of(entry(job_id="ü/%"), TABLE).workflow_id) == "ü/%"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AUDIOPREP_WEBHOOK_URL", "https://example.com/hook", "needs AUDIOPREP_WEBHOOK_SECRET"),
        ("AUDIOPREP_WEBHOOK_URL", "ftp://example.com", "AUDIOPREP_WEBHOOK_URL: .*http"),
        ("AUDIOPREP_WEBHOOK_SECRET", "confidential", "AUDIOPREP_WEBHOOK_SECRET: expected whsec_"),
        ("AUDIOPREP_WEBHOOK_EVENTS", "complete,pending", "AUDIOPREP_WEBHOOK_EVENTS: expected some of"),
        ("AUDIOPREP_WEBHOOK_EVENTS", "done", "AUDIOPREP_WEBHOOK_EVENTS: expected some of"),
    ],
)
def test_a_wrong_setting_is_refused(name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=said) as refused:
        Settings()

    assert "confidential" not in str(refused.value)
