"""Which URLs are accepted from rows, and what a site is called."""

import json

import pytest

from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.request import JobRequest
from audioprep.jobs.text.hosts import MAX_SITE_BYTES, site_of
from audioprep.jobs.text.urls import parse_url, redacted_url
from audioprep.jobs.types.ingest import IngestPayload
from audioprep.jobs.types.playlist import PlaylistPayload

BAD = {
    "a password": ("https://bob:hunter2@files.example/a", "carries a user name or password"),
    "a user name": ("https://bob@files.example/a", "carries a user name or password"),
    "an empty user name": ("https://@files.example/a", "carries a user name or password"),
    "another scheme": ("ftp://files.example/a", "must begin with http:// or https://"),
    "no scheme": ("files.example/a", "must begin with http:// or https://"),
    "no host": ("https:///a", "must begin with http:// or https:// and name a host"),
    "a line break": ("https://files.example/a\nHost: b", "characters that no URL has"),
    "a C1 control": ("https://files.example/\x9b31m", "characters that no URL has"),
    "a mark of direction": ("https://files.example/\u202e3pm", "characters that no URL has"),
    "a host over 253": ("https://" + "a." * 127 + "com/", "not a name or an address that can exist"),
    "a label over 63": ("https://" + "a" * 64 + ".com/", "not a name or an address that can exist"),
    "no IDNA": ("https://" + "é" * 64 + ".com/", "cannot be read"),
    "port 0": ("https://files.example:0/", "port is not one to connect to"),
    "port 99999": ("https://files.example:99999/", "cannot be read"),
}


@pytest.mark.parametrize(("url", "says"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("source", ["url", "youtube", "playlist"])
def test_a_bad_url_is_refused_by_the_bridge(source: str, url: str, says: str) -> None:
    kind, metadata = (
        ("playlist", {"url": url}) if source == "playlist" else ("ingest", {"sourceType": source, "url": url})
    )

    with pytest.raises(PermanentError) as refusal:
        JOB_TYPES.find(kind).parse(json.dumps(metadata))

    assert refusal.value.kind == ErrorKind.INVALID_PAYLOAD
    assert says in refusal.value.message
    assert "..." not in refusal.value.message
    assert "hunter2" not in refusal.value.message


def test_half_a_character_is_in_no_url() -> None:
    with pytest.raises(PermanentError, match="characters that no URL has"):
        parse_url("https://files.example/\ud800")


@pytest.mark.parametrize("url", ["https://bücher.example/ü?q=1#x", "http://[::1]:80/a", "https://a_b.example./%20%2F"])
def test_unusual_urls_are_accepted(url: str) -> None:
    assert parse_url(url).host
    assert JOB_TYPES.find("playlist").parse(json.dumps({"url": url}))


def test_a_url_that_no_source_needs_is_left_alone() -> None:
    assert JOB_TYPES.find("ingest").parse('{"sourceType": "audio_file", "storageKey": "a.mp3", "url": "n/a"}')


@pytest.mark.parametrize("url", [url for url, _ in BAD.values()])
def test_running_workflows_read_what_was_accepted_before(url: str) -> None:
    for payload in (IngestPayload(source_type="url", url=url), PlaylistPayload(url=url)):
        request = JobRequest[type(payload)](job_id="j", type="x", payload=payload)  # type: ignore[misc]

        assert type(request).model_validate_json(request.model_dump_json()) == request
        assert "hunter2" not in payload.summary


@pytest.mark.parametrize(
    ("url", "shows"),
    [
        ("https://www.youtube.com/watch?v=abc&si=s3cret#t", "https://www.youtube.com/watch?v=abc"),
        ("https://www.youtube.com/watch?v=abc&list=PL-1", "https://www.youtube.com/watch?v=abc&list=PL-1"),
        ("https://u:s3cret@www.youtube.com/watch?v=abc", "https://www.youtube.com/watch?v=abc"),
        ("https://youtu.be/abc?si=s3cret", "https://youtu.be/abc?..."),
        ("https://evil.example:8443/watch?v=s3cret", "https://evil.example:8443/watch?..."),
        ('https://u:s3cret@evil.example/token=s3cret#"s3cret', "https://evil.example/token=...#..."),
        ("https://www.youtube.com/watch?v=<img src=x>", "https://www.youtube.com/watch?..."),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shows: str) -> None:
    assert redacted_url(url) == shows


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://Bücher.example/a", "xn--bcher-kva.example"),
        ("https://www.BÜCHER.example./a", "xn--bcher-kva.example"),
        ("http://" + "例" * 22 + ".example/a.mp3", "xn--fsqaaaaaaaaaaaaaaaaaaaaa.example"),
        ("http://" + "é" * 64 + ".example/", ""),
    ],
)
def test_sites_have_their_name_in_dns(url: str, site: str) -> None:
    assert site_of(url) == site


def test_long_sites_fit_a_fairness_key_and_stay_apart() -> None:
    hosts = [f"{name * 60}.{'b' * 60}.example" for name in "acd"]

    sites = [site_of(f"https://{host}/") for host in hosts]

    assert len(set(sites)) == len(hosts)
    assert all(len(site.encode()) <= MAX_SITE_BYTES for site in sites)
    assert all(site.endswith("bbb.example") for site in sites)
