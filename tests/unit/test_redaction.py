"""No secret gets into a row, a log, a history or the answer of `check`."""

import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.ingest import IngestPayload
from audioprep.jobs.redaction import MAX_SENTENCE, scrub, sentence_of
from audioprep.logs import configure_logging
from audioprep.settings import Settings
from audioprep.settings.log import LogSettings

SECRET = "hunter2hunter2"  # noqa: S105 - made up
TEXTS = [
    f"GET https://user:{SECRET}@host/a failed",
    f"GET https://user:a@b:{SECRET}@host/a failed",
    f"GET https://{SECRET}@host/a failed",
    f"libsql://u:{SECRET}@db.turso.io",
    f"https://host/a?X-Amz-Signature={SECRET}&b=1",
    f"(https://host/a?b=1&sig={SECRET})",
    f"https://host/a#access_token={SECRET}",
    f"s3://bucket/a?versionId={SECRET}",
    f"Authorization: Bearer {SECRET}",
    f"authorization={SECRET} and more",
    f"bearer {SECRET}",
    f"Cookie: a=b; session={SECRET}",
    f"'Set-Cookie': 'session={SECRET}; HttpOnly'",
    f"TURSO_AUTH_TOKEN={SECRET}",
    f"aws_secret_access_key = {SECRET}",
    f'{{"password": "{SECRET}"}}',
    f"{{'apiKey': '{SECRET}'}}",
    f"authToken: {SECRET}",
    f"?token={SECRET}&x=1",
    f"eyJhbGciOiJIUzI1NiJ9.{SECRET}.{SECRET}",
]
PLAIN = [
    "The file is empty: it has no sound in it.",
    "There is no object 'uploads/a.mp3' in storage.",
    "The site gives the recording only to users who are logged in.",
    "youtube.com/watch is not a URL",
    "https://example.com/a.mp3 is 12:30 long",
    "The tokens of a language, its secrets and its cookies.",
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_secret_is_taken_out(text: str) -> None:
    assert SECRET not in scrub(text)
    assert SECRET not in sentence_of(text)
    assert SECRET not in PermanentError(ErrorKind.REFUSED, text).message


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_not_stays(text: str) -> None:
    assert scrub(text) == text


def test_a_key_of_aws_is_known_by_its_form() -> None:
    assert scrub("used AKIAIOSFODNN7EXAMPLE here") == "used ... here"


@given(st.text())
def test_a_sentence_is_one_short_printable_line(text: str) -> None:
    said = sentence_of(text)

    assert said.isprintable()
    assert len(said) <= MAX_SENTENCE


@pytest.mark.parametrize("form", ["console", "json"])
def test_no_log_line_tells_a_secret(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogSettings(log_format=form, log_level="debug"))
    log = structlog.get_logger("audioprep.test")
    token = f"Bearer {SECRET}"

    log.info("plain", url=f"https://u:{SECRET}@host/?q={SECRET}", headers=json.dumps({"Authorization": token}))
    log.info("nested", request={"urls": [f"https://host/?q={SECRET}"]}, error=ValueError(token))
    logging.getLogger("aiohttp").warning("GET %s", f"https://host/?q={SECRET}")
    try:
        _fail(token)
    except ValueError:
        log.exception("failed")
        logging.getLogger("temporalio").exception("failed too")

    said = capsys.readouterr().err
    assert said.count("failed") >= 2
    assert "ValueError" in said
    assert SECRET not in said


def test_settings_are_shown_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURSO_DATABASE_URL", f"libsql://u:{SECRET}@db.example?authToken={SECRET}")
    monkeypatch.setenv("TURSO_AUTH_TOKEN", SECRET)
    monkeypatch.setenv("AUDIOPREP_WAKE_SECRET", SECRET)
    monkeypatch.setenv("AUDIOPREP_STORAGE_URL", f"s3://key:{SECRET}@bucket/prefix?token={SECRET}")

    shown = Settings().shown()

    assert shown["TURSO_DATABASE_URL"].startswith("libsql://db.example")
    assert SECRET not in str(shown)


def test_the_summary_of_a_job_has_no_signature() -> None:
    url = f"https://bucket.example/a.mp3?X-Amz-Signature={SECRET}"

    assert IngestPayload(source_type="url", url=url).summary == "url · a.mp3"


def _fail(password: str) -> None:
    raise ValueError(f"rejected: {password}")
