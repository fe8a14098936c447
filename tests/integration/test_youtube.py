"""The installed YoutubeIE on made answers of YouTube: what becomes of each, and which sound is taken."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import DownloadedFile
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.address_policy import AddressPolicy, NetworkRules
from audioprep.activities.ytdlp import command
from audioprep.activities.ytdlp.client import YtDlp
from audioprep.jobs.errors import JobError, PermanentError, TransientError
from audioprep.jobs.status import Stage
from tests.support.audio import make_audio
from tests.support.site import Site, open_site
from tests.support.youtube import URL, MadeYouTube

MB = 1024 * 1024
GONE = ("UNPLAYABLE", "Video unavailable")
ORIGINAL, DUB = ("en-US", "English (United States) original"), ("fr", "French")
LIVE_ENDED = {"liveBroadcastDetails": {"isLiveNow": False}}
NEVER, LATER = PermanentError, TransientError
# (playability status, reason, subreason, may it pass?, kind, words of the row's error)
REFUSALS = {
    "rate limit": (
        "UNPLAYABLE",
        "Video unavailable",
        "This content isn't available, try again later.",
        NEVER,
        "SiteLimit",
        "hour",
    ),
    "geo block": (
        "UNPLAYABLE",
        "Video unavailable",
        "The uploader has not made this video available in your country",
        NEVER,
        "Refused",
        "country",
    ),
    "captcha": (
        "UNPLAYABLE",
        "Video unavailable",
        "YouTube is requiring a captcha challenge before playback",
        NEVER,
        "BotCheck",
        "bot",
    ),
    "bot check": ("LOGIN_REQUIRED", "Sign in to confirm you\u2019re not a bot", "", NEVER, "BotCheck", "bot"),
    "members": (
        "UNPLAYABLE",
        "Join this channel to get access to members-only content",
        "",
        NEVER,
        "Refused",
        "members",
    ),
    "private": ("LOGIN_REQUIRED", "This video is private", "", NEVER, "Refused", "private"),
    "premiere": (
        "LIVE_STREAM_OFFLINE",
        "Premiere will begin shortly",
        "",
        NEVER,
        "SourceMissing",
        "not been published",
    ),
    "live ended": ("UNPLAYABLE", "This live event has ended.", "", NEVER, "SourceMissing", "has ended"),
    "reload": ("UNPLAYABLE", "The page needs to be reloaded.", "", LATER, "SiteChanged", "loaded again"),
    "removed": (
        "ERROR",
        "Video unavailable",
        "This video has been removed by the uploader",
        NEVER,
        "SourceMissing",
        "removed",
    ),
}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    for name in ("original.m4a", "dub.m4a"):
        make_audio(tmp_path / "site" / name, 3)
    async with open_site(tmp_path / "site") as site:
        yield site


@pytest.fixture
def youtube(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> MadeYouTube:
    made = MadeYouTube(tmp_path / "program", site.port)
    program = str(made.install())
    monkeypatch.setattr(command, "program", lambda *_: program)
    return made


async def fetch(folder: Path, language: str | None = None, limits: MediaLimits | None = None) -> DownloadedFile:
    scratch = folder / "scratch"
    await asyncio.to_thread(scratch.mkdir)
    rules = NetworkRules(AddressPolicy(allow_private=True))

    async def attempt() -> DownloadedFile:
        step = AttemptContext(Stage.DOWNLOADING, scratch)
        return await YtDlp(rules, limits or MediaLimits()).fetch(URL, step, language)

    return await ActivityEnvironment().run(attempt)


@pytest.mark.parametrize("case", REFUSALS)
async def test_an_answer_becomes_the_right_error(case: str, youtube: MadeYouTube, tmp_path: Path) -> None:
    status, reason, subreason, error, kind, words = REFUSALS[case]
    youtube.answers(status, reason, subreason)

    with structlog.testing.capture_logs() as said, pytest.raises(JobError) as raised:
        await fetch(tmp_path)

    assert (type(raised.value), raised.value.kind) == (error, kind), raised.value.message
    assert words in raised.value.message
    assert [line["event"] for line in said] == ["ytdlp_said"]
    assert said[0]["error"].startswith("ERROR: ")


@pytest.mark.parametrize("formats", [[], [{"itag": 140, "mimeType": 'audio/mp4; codecs="mp4a.40.2"', "bitrate": 1}]])
async def test_formats_that_cannot_be_fetched_are_a_matter_of_the_site(
    formats: list[dict[str, Any]], youtube: MadeYouTube, tmp_path: Path
) -> None:
    youtube.formats = formats
    youtube.answers()

    with pytest.raises(PermanentError, match="no sound that it can fetch") as raised:
        await fetch(tmp_path)

    assert raised.value.kind == "SiteChanged"


@pytest.mark.parametrize(("language", "expected"), [(None, "original.m4a"), ("fr", "dub.m4a"), ("de", "original.m4a")])
async def test_the_original_language_unless_the_row_asks(
    language: str | None, expected: str, youtube: MadeYouTube, site: Site, tmp_path: Path
) -> None:
    low = "AUDIO_QUALITY_LOW"
    youtube.formats = [
        youtube.sound(139, "original.m4a", language=ORIGINAL, audioQuality=low, bitrate=48_000),
        youtube.sound(140, "dub.m4a", language=DUB),
        youtube.sound(251, "dub.m4a", "opus", language=DUB),
    ]
    youtube.answers()

    file = await fetch(tmp_path, language)

    assert file.said_duration == 3
    assert {path for path, hits in site.hits.items() if hits} == {f"/file/{expected}"}


async def test_a_format_that_fits_is_taken_before_a_better_one(
    youtube: MadeYouTube, site: Site, tmp_path: Path
) -> None:
    youtube.formats = [
        youtube.sound(140, "dub.m4a", contentLength=str(300 * MB)),
        youtube.sound(139, "original.m4a", contentLength="26000", bitrate=48_000, audioQuality="AUDIO_QUALITY_LOW"),
    ]
    youtube.answers()

    await fetch(tmp_path)

    assert site.hits["/file/dub.m4a"] == 0


async def test_a_client_without_its_po_token_is_a_matter_of_the_site(youtube: MadeYouTube, tmp_path: Path) -> None:
    youtube.client = "mweb"
    youtube.formats = [youtube.sound(140, "original.m4a")]
    youtube.answers()

    with structlog.testing.capture_logs() as said, pytest.raises(PermanentError) as raised:
        await fetch(tmp_path)

    assert raised.value.kind == "SiteChanged"
    assert said
