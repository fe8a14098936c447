"""What is fuzzed: recipes, metadata, words of ffmpeg, ffprobe and yt-dlp, URLs, the proxy, shown text, rows."""

import json
import math
import re
import socket
import string
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from hypothesis import strategies as st

from audioprep.activities.download.address_policy import AddressPolicy, AddressRefused, why_forbidden
from audioprep.activities.download.proxy_request import parse_request
from audioprep.activities.download.urls import parse_url
from audioprep.activities.ffmpeg.probe import parse_report
from audioprep.activities.ffmpeg.run import seconds_of
from audioprep.activities.render.graph import SourceFacts, build_graph
from audioprep.activities.render.loudness import parse_summary
from audioprep.activities.ytdlp.command import ENTRY_MARK, MEDIA_MARK, PATH_MARK, PROGRESS_MARK
from audioprep.activities.ytdlp.output import Progress, parse_line
from audioprep.jobs.errors import PermanentError
from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.types.save import SavePayload
from tests.fuzz.rows import ROW_TARGETS
from tests.fuzz.target import Target
from tests.fuzz.texts import TEXT_TARGETS

_SAFE_FILTERS: Final = re.compile(r"[a-zA-Z0-9_=:,;.|*/+\[\]-]+")
_UUID: Final = st.uuids().map(str)
_TEXT: Final = st.text(max_size=30)
_DIGITS: Final = st.integers(1, 6000).map(lambda count: "9" * count)
_NUMBER: Final = st.floats() | st.integers(-10, 2**70) | st.sampled_from([0, 0.1, 1, 2, 44100, 1e308, -0.0])
_WILD: Final = st.recursive(
    st.none() | st.booleans() | _NUMBER | _TEXT | _DIGITS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)
_TIME: Final = st.floats(0, 100) | _NUMBER | _WILD
_CLIP: Final = st.fixed_dictionaries(
    {"id": _TEXT, "sourceAssetId": _UUID | _WILD, "startTime": st.floats(0, 10) | _TIME, "endTime": _TIME},
    optional={"volume": st.floats(0, 2) | _WILD, "fadeIn": _TIME, "fadeOut": _TIME},
)
_GOOD_CLIP: Final = st.builds(
    lambda clip, length, fades: (
        clip | {"endTime": clip["startTime"] + length} | {k: v * length for k, v in fades.items()}
    ),
    st.fixed_dictionaries(
        {"id": st.text("abc", min_size=1), "sourceAssetId": _UUID, "startTime": st.floats(0, 1700)},
        optional={"volume": st.floats(0, 2)},
    ),
    st.floats(0.11, 60),
    st.fixed_dictionaries({}, optional={"fadeIn": st.floats(0, 0.5), "fadeOut": st.floats(0, 0.5)}),
)
_GOOD_RECIPE: Final = st.fixed_dictionaries(
    {"assetId": _UUID, "clips": st.lists(_GOOD_CLIP, min_size=1, max_size=4)},
    optional={"outputSampleRate": st.integers(8000, 192_000)},
)
_RECIPE: Final = st.fixed_dictionaries(
    {"assetId": _UUID | _WILD, "clips": st.lists(_CLIP, max_size=4) | _WILD},
    optional={
        "version": st.just(1) | _WILD,
        "normalize": st.booleans() | _WILD,
        "outputFormat": st.sampled_from(["wav", "aac"]) | _WILD,
        "outputSampleRate": st.integers(8000, 192_000) | _WILD,
    },
)
_JSON: Final = _WILD.map(json.dumps) | st.text() | st.text('{}[]",:0123456789.eE-+nultrfas \\', max_size=80)
_HOST: Final = (
    st.text(string.ascii_letters + string.digits + ".-:[]%@xX_", max_size=40)
    | st.text(max_size=20)
    | st.lists(st.integers(0, 2**33).map(str) | st.integers(0, 300).map(hex) | _DIGITS, max_size=5).map(".".join)
)
_URL: Final = st.builds(
    "{}{}{}{}".format, st.sampled_from(["http://", "https://", "HTTP:", "//", ""]), _TEXT, _HOST, _TEXT
)


def _recipe(recipe: Any) -> None:
    """What is taken makes a finite graph of plain filters; what is refused is told in one printable sentence."""
    payload = _parsed("save", json.dumps({"recipe": recipe}))
    if isinstance(payload, SavePayload):
        source = SourceFacts(Path("source"), 0, 44100, 2, seekable=True)
        graph = build_graph([(clip, source) for clip in payload.recipe.clips], payload.recipe.output_sample_rate)
        assert graph.frames > 0
        assert math.isfinite(graph.seconds)
        assert _SAFE_FILTERS.fullmatch(graph.filters), graph.filters


def _metadata(text: str) -> None:
    for kind in (kind.name for kind in JOB_TYPES):
        payload = _parsed(kind, text)
        assert payload is None or isinstance(payload.summary, str)


def _parsed(kind: str, text: str) -> Any:
    try:
        return JOB_TYPES.find(kind).parse(text)
    except PermanentError as error:
        said = error.message
    assert said.isprintable(), said
    assert len(said) <= 500
    return None


def _ffmpeg(text: str) -> None:
    for line in (text, f"out_time_us={text}", f"out_time_ms={text}"):
        seconds = seconds_of(line)
        assert seconds is None or (math.isfinite(seconds) and seconds >= 0)


def _loudness(text: str) -> None:
    for said in (text, f"    I:  {text} LUFS\n    Peak:  {text} dBFS"):
        parse_summary(said)


def _ffprobe(text: str) -> None:
    report = parse_report(text.encode(errors="surrogatepass"))
    for stream in report.streams if report else ():
        report.tags_of(stream)
        seconds = stream.seconds
        assert seconds is None or seconds == seconds or math.isnan(seconds)


def _ytdlp(text: str) -> None:
    for mark in (PATH_MARK, PROGRESS_MARK, MEDIA_MARK, ENTRY_MARK, ""):
        said = parse_line(mark + text)
        if isinstance(said, Progress):
            assert said.fraction is None or 0 <= said.fraction <= 1


def _url(text: str) -> None:
    """Whatever a resolver may make of a host that is let in, it is public; and other parsers see the same host."""
    try:
        url = parse_url(text)
        AddressPolicy().check_host(url.host or "")
    except (PermanentError, AddressRefused):
        return
    host = url.raw_host or ""
    assert (urlsplit(str(url)).hostname or "").lower() == host.lower()
    host.encode("idna")  # what every look-up does first
    with suppress(OSError):
        assert why_forbidden(IPv4Address(socket.inet_aton(host))) is None


def _proxy(head: bytes) -> None:
    with suppress(ValueError):
        request = parse_request(head)
        assert request.host
        assert 0 < request.port < 65536


_LINE = st.text(max_size=60) | _DIGITS | _NUMBER.map(str)
_PROGRESS = st.dictionaries(
    st.sampled_from([*Progress.model_fields, "status"]),
    _NUMBER | _DIGITS.map(lambda digits: int(digits[:4000])) | _WILD,
).map(lambda found: json.dumps(found, default=str))
_STREAMS = st.lists(
    st.fixed_dictionaries(
        {"index": st.integers(0, 9)},
        optional={
            "codec_type": st.just("audio") | _WILD,
            "sample_rate": st.just("44100") | _DIGITS | _WILD,
            "duration": _NUMBER.map(str) | _WILD,
            "tags": st.dictionaries(
                st.just("DURATION"), st.builds("{}:{:02}:{:02}".format, _DIGITS, st.integers(0, 99), st.integers(0, 99))
            ),
        },
    ),
    max_size=3,
).map(lambda streams: json.dumps({"streams": streams}))

TARGETS: Final = (
    Target("recipe", _GOOD_RECIPE | _RECIPE | _WILD, _recipe),
    Target("metadata", _JSON, _metadata),
    Target("ffmpeg progress", _LINE, _ffmpeg),
    Target("ffmpeg loudness", _LINE, _loudness),
    Target("ffprobe report", _STREAMS | _JSON, _ffprobe),
    Target("yt-dlp output", _PROGRESS | _JSON, _ytdlp),
    Target("URL policy", _URL | st.text(), _url),
    Target("proxy request", st.binary(max_size=200) | _URL.map(lambda u: f"GET {u} HTTP/1.1\r\n\r\n".encode()), _proxy),
    *TEXT_TARGETS,
    *ROW_TARGETS,
)
