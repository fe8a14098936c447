"""yt-dlp's messages: each has a class, and what others wrote in them has no say."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioprep.activities.ytdlp.errors import classify
from audioprep.activities.ytdlp.messages.complaint import parse_stderr
from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError

YOUTUBE, OTHER = "www.youtube.com", "site.example"
HINT = " Use --cookies-from-browser or --cookies for the authentication. See  https://github.com/x  for how to"
BUG = "; please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= . Confirm you are on the latest"
NEVER, LATER = PermanentError, TransientError
# (what yt-dlp says after `ERROR: `, at which host, may it pass?, kind, words of the row's error)
MESSAGES = [
    ("[youtube] x: Sign in to confirm you\u2019re not a bot." + HINT, YOUTUBE, NEVER, "BotCheck", "not a bot"),
    ("[youtube] x: Video unavailable. YouTube is requiring a captcha challenge", YOUTUBE, NEVER, "BotCheck", "bot"),
    ("[youtube] x: All player responses are invalid. Your IP is likely being blocked", YOUTUBE, NEVER, "BotCheck", ""),
    ("[youtube] x: Please sign in." + HINT, YOUTUBE, NEVER, "BotCheck", "sign in"),
    (
        "[youtube] x: Video unavailable. This content isn't available, try again later. The current session has been"
        " rate-limited by YouTube for up to an hour. It is recommended to use `-t sleep`",
        *(YOUTUBE, NEVER, "SiteLimit", "limits this server"),
    ),
    ("[youtube] x: This content isn't available, try again later.", YOUTUBE, NEVER, "SiteLimit", "hour"),
    ("[youtube] x: Unable to download API page: HTTP Error 429: Too Many Requests", YOUTUBE, NEVER, "SiteLimit", ""),
    ("[youtube] x: No video formats found!" + BUG, YOUTUBE, NEVER, "SiteChanged", "no sound that it can fetch"),
    ("[youtube] x: Requested format is not available. Use --list-formats", YOUTUBE, NEVER, "SiteChanged", "operator"),
    ("[youtube] x: The following content is not available on this app.. Watch on", YOUTUBE, NEVER, "SiteChanged", ""),
    ("[youtube] x: Video unavailable. Error code: 152", YOUTUBE, NEVER, "SiteChanged", ""),
    ("[youtube] x: The page needs to be reloaded.", YOUTUBE, LATER, "SiteChanged", "loaded again"),
    ("[youtube] x: Failed to extract any player response" + BUG, YOUTUBE, LATER, "SiteChanged", ""),
    ("unable to download video data: HTTP Error 403: Forbidden", YOUTUBE, LATER, "Refused", "HTTP 403"),
    ("\r[download] Got error: HTTP Error 403: Forbidden", YOUTUBE, LATER, "Refused", "HTTP 403"),
    ("unable to download video data: HTTP Error 416: Requested range not satisfiable", OTHER, LATER, "Network", "416"),
    ("[youtube] x: Unable to download API page: HTTP Error 400: Bad Request", YOUTUBE, LATER, "Network", "400"),
    ("[x] y: This request has been blocked due to its TLS fingerprint. Install", OTHER, NEVER, "BotCheck", OTHER),
    ("[TikTok] 1: Your IP address is blocked from accessing this post", OTHER, NEVER, "BotCheck", ""),
    ("[generic] Got HTTP Error 403 caused by Cloudflare anti-bot challenge; see", OTHER, NEVER, "BotCheck", ""),
    ("[TikTok] 1: The extractor is attempting impersonation, but no impersonate", OTHER, NEVER, "BotCheck", ""),
    ("[x] y: You have exceeded the rate limit. Try again later", OTHER, NEVER, "SiteLimit", ""),
    (
        "[i] y: Requested content is not available, rate-limit reached or login required." + HINT,
        OTHER,
        NEVER,
        "Refused",
        "logged",
    ),
    ("[youtube] x: Private video. Sign in if you've been granted access", YOUTUBE, NEVER, "Refused", "private"),
    ("[youtube] x: This video is private. If the owner of this video has" + HINT, YOUTUBE, NEVER, "Refused", "private"),
    ("[youtube] x: Sign in to confirm your age. This video may be" + HINT, YOUTUBE, NEVER, "Refused", "age-restricted"),
    ("[youtube] x: Join this channel to get access to members-only content", YOUTUBE, NEVER, "Refused", "members"),
    ("[youtube] x: Video unavailable. This video requires payment to watch", YOUTUBE, NEVER, "Refused", "paying"),
    ("[youtube] x: This video is only available to Music Premium members", YOUTUBE, NEVER, "Refused", "paying"),
    ("[vimeo] 1: This video is protected by a password, use the --video-password", OTHER, NEVER, "Refused", "password"),
    ("[vimeo] 1: Wrong video password", OTHER, NEVER, "Refused", "password"),
    ("[vimeo] 1: Cannot download embed-only video without embedding URL.", OTHER, NEVER, "Refused", "own pages"),
    (
        "[youtube] x: The uploader has not made this video available in your country",
        YOUTUBE,
        NEVER,
        "Refused",
        "country",
    ),
    (
        "[youtube] x: The uploader has not made this video available in your country\n"
        "This video is available in Germany.\n"
        "You might want to use a VPN or a proxy server (with --proxy) to workaround.",
        *(YOUTUBE, NEVER, "Refused", "country"),
    ),
    ("[s] x: This track is blocked\nYou might want to use a VPN or a proxy server", OTHER, NEVER, "Refused", "country"),
    (
        "[youtube] x: Video unavailable. This content is not available on this country domain",
        YOUTUBE,
        NEVER,
        "Refused",
        "country",
    ),
    (
        "[youtube] x: This video has been removed for violating YouTube's policy on hate speech. Learn more about"
        " combating hate speech in your country.",
        *(YOUTUBE, NEVER, "SourceMissing", "removed"),
    ),
    ("[youtube] x: Video unavailable", YOUTUBE, NEVER, "SourceMissing", "not available"),
    ("[youtube] x: This video isn't available anymore", YOUTUBE, NEVER, "SourceMissing", "not available"),
    ("[youtube:tab] @c: This channel does not have a shorts tab", YOUTUBE, NEVER, "SourceMissing", ""),
    ("[youtube:tab] RD1: YouTube said: This playlist type is unviewable.", YOUTUBE, NEVER, "SourceMissing", ""),
    ("[twitch:clips] x: This clip is no longer available", OTHER, NEVER, "SourceMissing", ""),
    ('[twitch:stream] x: Channel "x" not found', OTHER, NEVER, "SourceMissing", ""),
    (
        "[soundcloud:set] a/b: unable to download video webpage: 404 - Not Found" + BUG,
        OTHER,
        NEVER,
        "SourceMissing",
        "404",
    ),
    ("[youtube] x: Premieres in 3 hours", YOUTUBE, NEVER, "SourceMissing", "not been published"),
    ("[youtube] x: Premiere will begin shortly", YOUTUBE, NEVER, "SourceMissing", "not been published"),
    (
        "[youtube] x: We're processing this video. Check back later.",
        YOUTUBE,
        NEVER,
        "SourceMissing",
        "not been published",
    ),
    ("[youtube] x: This live event has ended.", YOUTUBE, NEVER, "SourceMissing", "has ended"),
    ("[twitch:stream] x: The channel is not currently live", OTHER, NEVER, "SourceMissing", "not live"),
    ("[x] y: This video is DRM protected", OTHER, NEVER, "UnsupportedMedia", "DRM"),
    ("[vimeo] x: This video is only available for registered users." + HINT, OTHER, NEVER, "Refused", "logged in"),
    ("Unsupported URL: http://a/b", OTHER, NEVER, "UnsupportedMedia", "no recording"),
    ("[x] y: No video formats found!" + BUG, OTHER, NEVER, "UnsupportedMedia", "no recording"),
    ("[x] y: Requested format is not available", OTHER, NEVER, "UnsupportedMedia", "no recording"),
    ("[youtube:tab] feed: Unable to recognize tab page" + BUG, YOUTUBE, NEVER, "UnsupportedMedia", "no recording"),
    (
        "Initialization fragment found after media fragments, unable to download",
        OTHER,
        NEVER,
        "UnsupportedMedia",
        "form",
    ),
    ("[generic] 'foo' is not a valid URL", OTHER, NEVER, "InvalidPayload", "can read"),
    (
        "[youtube:truncated_id] x: Incomplete YouTube ID x. URL https://y/x looks truncated.",
        YOUTUBE,
        NEVER,
        "InvalidPayload",
        "",
    ),
    ("[x] y: Did you forget to quote the URL? Remember that & is a meta", YOUTUBE, NEVER, "InvalidPayload", "cut off"),
    (
        "[generic] 404: Unable to download webpage: HTTP Error 404: Not Found (caused by <HTTPError 404>)",
        *(OTHER, NEVER, "SourceMissing", "site.example has no such file (HTTP 404)"),
    ),
    ("[x] y: HTTP Error 410: Gone", OTHER, NEVER, "SourceMissing", "HTTP 410"),
    ("[x] y: HTTP Error 429: Too Many Requests", OTHER, LATER, "Network", "too many requests"),
    ("[x] y: HTTP Error 503: Service Unavailable", OTHER, LATER, "Network", "HTTP 503"),
    (
        "[x] y: ('Unable to connect to proxy', OSError('Tunnel connection failed: 502 Bad Gateway'))",
        OTHER,
        LATER,
        "Network",
        "502",
    ),
    ("[x] y: Failed to resolve 'a.b' ([Errno -2] Name or service not known)", OTHER, LATER, "Network", "resolved"),
    (
        "[x] y: certificate verify failed: unable to get local issuer certificate",
        OTHER,
        NEVER,
        "Refused",
        "certificate",
    ),
    ("[download] Got error: 4000 bytes read, 496000 more expected", OTHER, LATER, "Network", "broke off"),
    ("[x] y: Read timed out. (read timeout=20.0)", OTHER, LATER, "Network", "broke off"),
    ("fragment 3 not found, unable to continue", OTHER, LATER, "Network", "part of the recording is missing"),
    ("Did not get any data blocks", OTHER, LATER, "Network", "did not come whole"),
    ("unable to write data: [Errno 28] No space left on device", OTHER, LATER, "Storage", "disk"),
    ("unable to open for writing: [Errno 13] Permission denied: 'x'", OTHER, LATER, "Storage", "disk"),
    ("[vimeo] 1: vimeo said: Something of its own", OTHER, NEVER, "Refused", "refuses to give out"),
    ("[x] y: Something nobody has heard of" + BUG, OTHER, LATER, "ChildFailed", "(Something nobody has heard of)."),
    ("[openrec] y: This content requires a premium plan", OTHER, NEVER, "Refused", "paying"),
    ("[roosterteeth] y: Show 3 is only available for FIRST members", OTHER, NEVER, "Refused", "members"),
    ("[reddit] y: Quarantined subreddit; an account that has opted in is required", OTHER, NEVER, "Refused", "logged"),
    ("[nintendo] y: No Nintendo Direct with id 7-8 exists", OTHER, NEVER, "SourceMissing", "not available"),
    ("[glomex] y: No integrationId in URL", OTHER, NEVER, "InvalidPayload", "not one of a recording"),
    ("[huya] y: Can not extract the room info", OTHER, LATER, "SiteChanged", "does not understand"),
    # what others wrote
    ("Unsupported URL: http://a.example/link?x=offline", OTHER, NEVER, "UnsupportedMedia", "no recording"),
    (
        "Unsupported URL: http://a.example/?topic=drm-free&for=authentication",
        OTHER,
        NEVER,
        "UnsupportedMedia",
        "no recording",
    ),
    ("Unsupported URL: http://a.example/not-a-bot/rate-limit", OTHER, NEVER, "UnsupportedMedia", "no recording"),
    (
        "[x] copyright claim: Unable to download webpage: HTTP Error 503: Service Unavailable",
        OTHER,
        LATER,
        "Network",
        "503",
    ),
    (
        "[x] y: Unable to download webpage: HTTP Error 503: private video, DRM (caused by <HTTPError 503>)",
        OTHER,
        LATER,
        "Network",
        "503",
    ),
    ("[x] y: Unable to download webpage: Failed to resolve 'offline-drm.example'", OTHER, LATER, "Network", "resolved"),
]


def judged(message: str, host: str = OTHER) -> JobError:
    return classify(parse_stderr(f"WARNING: [x] a warning\nERROR: {message}\n"), host)


@pytest.mark.parametrize(("message", "host", "error", "kind", "sentence"), MESSAGES)
def test_a_message_has_its_class(message: str, host: str, error: type[JobError], kind: str, sentence: str) -> None:
    found = judged(message, host)

    assert (type(found), found.kind) == (error, kind)
    assert sentence in found.message
    assert found.message.endswith(".")
    assert "ERROR" not in found.message


def test_the_last_error_line_counts_whatever_follows_it() -> None:
    said = parse_stderr(
        "WARNING: [youtube] x: n challenge solving failed\n"
        "ERROR: first\nERROR: [youtube] x: Video unavailable\nsecond line\nWARNING: late\n"
    )

    assert said.error == "ERROR: [youtube] x: Video unavailable\nsecond line"
    assert said.warnings == ("[youtube] x: n challenge solving failed", "late")


@pytest.mark.parametrize("stderr", ["", "\n", "WARNING: only this\n"])
def test_silence_is_a_failure_that_may_pass(stderr: str) -> None:
    assert classify(parse_stderr(stderr), OTHER).message == "yt-dlp could not fetch the recording (no message)."


def test_a_traceback_is_judged_by_its_last_line() -> None:
    error = classify(parse_stderr("Traceback (most recent call last):\n  File x\nKeyError: 'a'\n"), OTHER)

    assert (error.kind, error.retryable) == (ErrorKind.CHILD_FAILED, True)


def test_a_site_that_says_when_to_come_back_is_believed() -> None:
    said = parse_stderr("ERROR: HTTP Error 429: Too Many Requests")

    assert classify(said, "a.b", timedelta(seconds=7)).next_retry_delay == timedelta(seconds=7)


@given(st.text(max_size=300), st.sampled_from([YOUTUBE, OTHER]))
def test_any_stderr_has_a_class(text: str, host: str) -> None:
    for stderr in (text, f"ERROR: [x] {text}: HTTP Error 503: {text}", f"ERROR: {text}"):
        assert classify(parse_stderr(stderr), host).message


RAISED = {"ExtractorError", "raise_no_formats", "raise_login_required", "raise_geo_restricted", "UserNotLive"}
_EXPECTED_BY_NAME = RAISED - {"ExtractorError", "raise_no_formats"}
# Of comments, which are not fetched; nothing but what another text says; of yt-dlp's own tests.
WITHOUT_WORDS = (
    *("comment reply thread", "Got HTTP Error X. X", "Xtry", "Video X X", "This video is X."),
    *("multiple matching extractors", "No extractors matching"),
)


def written(node: ast.expr) -> str:
    """A text of the program, with X for what is filled in."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=values):
            return "".join(written(value) for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return written(left) + written(right)
        case ast.BinOp(left=left, op=ast.Mod()):
            return written(left).replace("%s", "X").replace("%d", "7")
        case ast.Call(func=ast.Attribute(value=value, attr="format")):
            return written(value).replace("{}", "X")
        case _:
            return "X"


def expected_messages(file: Path) -> Iterator[str]:
    """What the extractors in `file` raise and expect, as the program has it."""
    for call in ast.walk(ast.parse(file.read_text())):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        expected = any(word.arg == "expected" and getattr(word.value, "value", False) for word in call.keywords)
        messages = [*call.args[:1], *(word.value for word in call.keywords if word.arg == "msg")]
        if name in RAISED and (expected or name in _EXPECTED_BY_NAME):
            yield from (text for text in map(written, messages) if text.strip("X .:"))


def test_every_expected_message_of_yt_dlp_has_a_class() -> None:
    spec = find_spec("yt_dlp")
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).parent / "extractor"
    messages = {(file.stem, text) for file in root.rglob("*.py") for text in expected_messages(file)}
    host = {True: YOUTUBE, False: OTHER}

    unknown = {
        (stem, text)
        for stem, text in messages
        if judged(f"[{stem}] x: {text}", host[stem.startswith("_")]).kind is ErrorKind.CHILD_FAILED
        and not any(part in text for part in WITHOUT_WORDS)
    }

    assert len(messages) > 300
    assert unknown == set()
