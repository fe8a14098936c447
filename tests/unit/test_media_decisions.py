"""Decisions about recordings: ffmpeg's log, the mix of channels, exact seeks, what browsers play, tags."""

import json
from pathlib import Path

import pytest

from audioprep.activities.ffmpeg.containers import browsers_play
from audioprep.activities.ffmpeg.errors import reason_of
from audioprep.activities.ffmpeg.mixing import STANDARD_LAYOUTS, mix_filters
from audioprep.activities.ffmpeg.probe import Probe
from audioprep.activities.ffmpeg.report import parse_report
from audioprep.activities.ffmpeg.timeline import Form, Timeline
from audioprep.activities.render.seeking import seeks_exactly
from audioprep.jobs.types.asset import MediaFacts
from audioprep.jobs.types.tags import MAX_CHAPTERS, MAX_TEXT

SOURCE = Path("/scratch/a/source")
REASONS = {
    "the muxer's reason, not the exit's": (
        "[wav @ 0x55] No wav codec tag found for codec pcm_bluray\n"
        "Could not write header for output file #0 (incorrect codec parameters ?): Invalid argument\n"
        "Error initializing output stream 0:0 -- \n",
        "No wav codec tag found for codec pcm_bluray",
    ),
    "an error before a warning": (
        "[mp3 @ 0x55] [warning] Estimating duration from bitrate\n[x @ 0x1] [error] Header missing\n",
        "Header missing",
    ),
    "a warning where nothing else explains": (
        "[aac @ 0x5] [warning] Audio object type 42 is not implemented. Update your FFmpeg version.\n"
        "[mov @ 0x6] [warning] Could not find codec parameters for stream 0\nConsider increasing the value for it\n",
        "Audio object type 42 is not implemented",
    ),
    "a generic line is better than none": (
        "file:/scratch/a/source: Invalid data found when processing input\n",
        "Invalid data found when processing input",
    ),
    "our path is not told": ("[x @ 0x1] [error] /scratch/a/source is odd\n", "it is odd"),
    "silence": ("", "no message"),
}


@pytest.mark.parametrize(("said", "reason"), REASONS.values(), ids=REASONS)
def test_the_reason_is_the_line_that_explains(said: str, reason: str) -> None:
    assert reason_of(said, SOURCE) == reason


FORM = "[graph_0_in_0_0 @ 0x55] [verbose] tb:1/48000 samplefmt:fltp samplerate:{} chlayout:{}"
LOGS = {
    "one form and no report: plain": ([FORM.format(48000, "stereo")], (0, 0, 0, True)),
    "the same form again: a change, for samples are counted anew": (
        [FORM.format(48000, "stereo")] * 2,
        (1, 0, 0, True),
    ),
    "a gap of 2 s": ([FORM.format(48000, "mono"), "[info] 96000.000000"], (0, 1, 0, False)),
    "a clock that goes back": ([FORM.format(48000, "mono"), "[info] -288000.000000"], (0, 1, 1, False)),
    "an inexact clock": ([FORM.format(48000, "mono"), "[info] 0.500000"], (0, 0, 0, False)),
    "a number inside another line": ([FORM.format(48000, "mono"), "[info] size 96000.000000"], (0, 0, 0, True)),
}


@pytest.mark.parametrize(("lines", "expected"), LOGS.values(), ids=LOGS)
def test_the_log_tells_of_changes_and_jumps(lines: list[str], expected: tuple[int, int, int, bool]) -> None:
    timeline = Timeline()

    for line in lines:
        timeline.read(line)

    assert (timeline.changes, timeline.jumps, timeline.restarts, timeline.exact) == expected


def test_a_gap_is_measured_in_seconds() -> None:
    timeline = Timeline()
    for line in [FORM.format(8000, "mono"), "[info] 16000.000000", FORM.format(44100, "5.1"), "[info] 4410.000000"]:
        timeline.read(line)

    assert timeline.longest_gap == 2
    assert timeline.forms == [Form(8000, "mono"), Form(44100, "5.1")]


def test_hostile_logs_take_bounded_memory() -> None:
    timeline = Timeline()
    for number in range(10_000):
        timeline.read(FORM.format(number, "mono"))
        timeline.read(f"[x @ 0x1] [error] bad {number}")

    assert timeline.changes == 9_999
    assert len(timeline.forms) <= 64
    assert len(timeline.errors) <= 20


MIXES = {
    "mono stays mono": ((1, "mono", 1), []),
    "mono on both sides": ((1, "mono", 2), ["pan=stereo|c0=c0|c1=c0"]),
    "a lone LFE is mono": ((1, "1 channels (LFE)", 1), ["channelmap=map=0:channel_layout=mono"]),
    "stereo needs nothing": ((2, "stereo", 2), []),
    "two channels of any name": ((2, "2 channels (BL+BR)", 2), ["channelmap=map=0|1:channel_layout=stereo"]),
    "5.1 by the standard": ((6, "5.1", 2), []),
    "3 tracks in equal shares": ((3, "", 2), ["pan=stereo|c0=0.500000*c0+0.500000*c2|c1=1.000000*c1"]),
    "speakers overhead lose their names first": (
        (4, "4 channels (FL+FR+TFL+TFR)", 2),
        [
            "channelmap=map=0|1|2|3:channel_layout=4c",
            "pan=stereo|c0=0.500000*c0+0.500000*c2|c1=0.500000*c1+0.500000*c3",
        ],
    ),
}


@pytest.mark.parametrize(("channels", "filters"), MIXES.values(), ids=MIXES)
def test_channels_are_mixed_by_what_is_declared(channels: tuple[int, str, int], filters: list[str]) -> None:
    assert mix_filters(*channels) == filters


def test_no_standard_layout_has_speakers_overhead() -> None:
    assert not {name for name in STANDARD_LAYOUTS if "top" in name or "." in name[4:] or name in ("cube", "22.2")}


def _facts(**fields: object) -> MediaFacts:
    known = {"frames": 1, "sampleRate": 44100, "channels": 2, "codec": "pcm_s16le", "format": "wav", "streamIndex": 0}
    more = {"startsAtZero": True, "bytes": 1, "version": "v", "layout": "", "exact": True}
    return MediaFacts.model_validate({**known, **more, **fields})


SEEKS = {
    "PCM in WAV": (_facts(), True),
    "ADPCM in WAV": (_facts(codec="adpcm_ms"), False),
    "Opus in WebM": (_facts(codec="opus", format="matroska,webm"), False),
    "ima4 in AIFF": (_facts(codec="adpcm_ima_qt", format="aiff"), False),
    "a clock that is not that of the samples": (_facts(exact=False), False),
    "a stream that begins later than its file": (_facts(startsAtZero=False), False),
}


@pytest.mark.parametrize(("facts", "exact"), SEEKS.values(), ids=SEEKS)
def test_only_proved_pairs_are_sought(facts: MediaFacts, exact: bool) -> None:
    assert seeks_exactly(facts) == exact


def test_facts_of_an_earlier_version_do_not_describe() -> None:
    earlier = MediaFacts.model_validate({**_facts().model_dump(), "layout": None})

    assert _facts().describe(1, "v")
    assert not earlier.describe(1, "v")


def _probe(codec: str, **fields: object) -> Probe:
    known = {"stream_index": 0, "sample_rate": 44100, "channels": 2, "format": "wav", "duration": None}
    return Probe.model_validate({**known, "codec": codec, **fields})


PLAYED = {
    "MP3": ("mp3", _probe("mp3"), True),
    "AAC in m4a": ("m4a", _probe("aac"), True),
    "ALAC in m4a": ("m4a", _probe("alac"), False),
    "ADPCM in WAV": ("wav", _probe("adpcm_ms"), False),
    "24-bit WAV": ("wav", _probe("pcm_s24le"), True),
    "AIFF": ("aiff", _probe("pcm_s16be"), False),
    "Opus in WebM": ("webm", _probe("opus"), True),
    "Opus in MKA": ("mka", _probe("opus"), False),
    "AC-3": ("ac3", _probe("ac3"), False),
    "a film": ("mp4", _probe("aac", has_video=True), False),
    "the second track of a file": ("m4a", _probe("aac", stream_index=1), False),
}


@pytest.mark.parametrize(("extension", "probed", "played"), PLAYED.values(), ids=PLAYED)
def test_what_browsers_play_is_a_table(extension: str, probed: Probe, played: bool) -> None:
    assert browsers_play(extension, probed) == played


def test_tags_are_bounded_and_in_one_line() -> None:
    chapter = {"start_time": "0.0", "end_time": "5.5", "tags": {"title": "One\nline"}}
    streams = [
        {
            "index": 0,
            "codec_type": "audio",
            "codec_name": "vorbis",
            "tags": {"ARTIST": "B", "TITLE": "from the stream"},
        },
        {
            "index": 1,
            "codec_type": "video",
            "codec_name": "png",
            "width": 8,
            "height": 9,
            "disposition": {"attached_pic": 1},
        },
    ]
    output = {"streams": streams, "format": {"tags": {"Title": "a\x1b[31m" + "x" * 9000}}, "chapters": [chapter] * 999}

    report = parse_report(json.dumps(output).encode())

    assert report is not None
    tags = report.tags_of(report.streams[0])
    assert tags.title is not None
    assert tags.title.startswith("a?[31mxxx")
    assert len(tags.title) <= MAX_TEXT
    assert tags.artist == "B"
    assert tags.chapters is not None
    assert (len(tags.chapters), tags.chapters[0].title, tags.chapters[0].end_time) == (MAX_CHAPTERS, "One line", 5.5)
    assert tags.cover is not None
    assert (tags.cover.codec, tags.cover.width) == ("png", 8)
