"""Recordings as they come from the world: glued, muted, mislabelled. Each holds the sweep: its content is known.

Every maker writes one file. What it holds is known by how it was made; ffmpeg only encodes and muxes.
"""

import struct
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from tests.support.sweep import sweep, wav, wav_of_sweep

SECONDS = 12.0
JOINT = 5.0  # seconds at which a file changes or a gap begins
GAP = 2.0
Make: TypeAlias = Callable[[Path], Path]

_PICTURE = ("-f", "lavfi", "-i", f"testsrc=size=64x48:rate=25:duration={SECONDS}")


def ffmpeg(*arguments: str | Path) -> None:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, timeout=120, capture_output=True)


def encoded(name: str, *options: str, rate: int = 44100, channels: int = 2) -> Make:
    """The sweep in one piece."""

    def make(folder: Path) -> Path:
        source = wav_of_sweep(folder / "sweep.wav", 0, SECONDS, rate, channels)
        ffmpeg("-i", source, *options, folder / name)
        return folder / name

    return make


def joined(name: str, first: tuple[int, int], rest: tuple[int, int], *options: str) -> Make:
    """Two files of their own, with a sample rate and a number of channels each, one behind the other."""

    def make(folder: Path) -> Path:
        content = b""
        spans = ((0.0, JOINT, first), (JOINT, SECONDS, rest))
        for number, (begin, end, (rate, channels)) in enumerate(spans):
            source = wav_of_sweep(folder / "part.wav", begin, end, rate, channels)
            part = folder / f"part-{number}{Path(name).suffix}"
            serial = ("-serial_offset", str(number + 1)) if name.endswith((".ogg", ".opus")) else ()
            ffmpeg("-i", source, *options, *serial, part)
            content += part.read_bytes()
        (folder / name).write_bytes(content)
        return folder / name

    return make


def film(name: str, *options: str, late: float = 0.0, rate: int = 48000, channels: int = 2) -> Make:
    """The sweep beside a picture, beginning `late` seconds after it."""

    def make(folder: Path) -> Path:
        source = wav_of_sweep(folder / "sweep.wav", 0, SECONDS, rate, channels)
        inputs = (*_PICTURE, "-itsoffset", str(late), "-i", source, "-map", "0:v", "-map", "1:a")
        ffmpeg(*inputs, *options, folder / name)
        return folder / name

    return make


def jumping_stream(folder: Path, offsets: Sequence[float], options: Sequence[str] = ("-c:a", "aac")) -> Path:
    """A transport stream whose clock starts anew at `offsets` in the middle."""
    content = b""
    for (begin, end), offset in zip(((0.0, JOINT), (JOINT, SECONDS)), offsets, strict=True):
        source = wav_of_sweep(folder / "part.wav", begin, end, 48000)
        picture = ("-f", "lavfi", "-i", f"testsrc=size=64x48:rate=25:duration={end - begin}")
        streams = ("-map", "0:v", "-map", "1:a", "-c:v", "mpeg2video", *options)
        ffmpeg(*picture, "-i", source, *streams, "-output_ts_offset", str(offset), folder / "part.ts")
        content += (folder / "part.ts").read_bytes()
    (folder / "jump.ts").write_bytes(content)
    return folder / "jump.ts"


def muted(name: str, *options: str, gap: float = GAP, picture: bool = False) -> Make:
    """No packets for `gap` seconds, as a recorder that is muted leaves it."""

    def make(folder: Path) -> Path:
        source = wav_of_sweep(folder / "sweep.wav", 0, SECONDS, 48000, 1)
        leave_out = f"aselect='not(between(t,{JOINT},{JOINT + gap - 0.0001}))'"
        beside = (*_PICTURE, "-i", source, "-map", "0:v", "-map", "1:a", "-c:v", "mpeg4") if picture else ("-i", source)
        ffmpeg(*beside, "-af", leave_out, *options, folder / name)
        return folder / name

    return make


def wrong_length(folder: Path) -> Path:
    """An AVI whose header says twice the length of its sound."""
    path = film("length.avi", "-c:v", "mpeg4", "-c:a", "libmp3lame")(folder)
    content = bytearray(path.read_bytes())
    at = content.find(b"auds") + 32  # dwLength of the stream's header
    struct.pack_into("<I", content, at, 2 * struct.unpack_from("<I", content, at)[0])
    path.write_bytes(content)
    return path


def unknown_first(name: str, *, film: bool = False) -> Make:
    """Two sound tracks, the first of a codec that no program here knows."""

    def make(folder: Path) -> Path:
        source = wav_of_sweep(folder / "sweep.wav", 0, SECONDS, 48000)
        noise = wav_of_sweep(folder / "other.wav", 40, 40 + SECONDS, 48000)
        picture = _PICTURE if film else ()
        streams = ("0:v", "1:a", "2:a") if film else ("0:a", "1:a")
        maps = [part for stream in streams for part in ("-map", stream)]
        codecs = ("-c:v", "mpeg4", "-c:a", "aac") if film else ("-c:a", "aac")
        ffmpeg(*picture, "-i", noise, "-i", source, *maps, *codecs, folder / name)
        content = bytearray((folder / name).read_bytes())
        at = content.find(b"mp4a", content.find(b"soun"))
        content[at : at + 4] = b"apac"
        at = content.find(b"esds", at)
        content[at : at + 4] = b"dapa"
        (folder / name).write_bytes(content)
        return folder / name

    return make


def masked(mask: int, channels: int = 2) -> Make:
    """A WAV that names its speakers."""

    def make(folder: Path) -> Path:
        tone = sweep(0, SECONDS, 44100)
        return wav(folder / "mask.wav", [tone] * channels, 44100, mask)

    return make


def tracks(count: int, loud: int) -> Make:
    """A WAV of several tracks that names no speakers; only one of them sounds."""

    def make(folder: Path) -> Path:
        tone = sweep(0, SECONDS, 44100)
        return wav(folder / "tracks.wav", [tone if number == loud else 0 * tone for number in range(count)], 44100)

    return make


def big_endian(folder: Path) -> Path:
    """RIFX: a WAV in the other byte order."""
    pcm = (sweep(0, 2, 44100) * 32767).round().astype(">i2").tobytes()
    body = b"WAVEfmt " + struct.pack(">IHHIIHH", 16, 1, 1, 44100, 88200, 2, 16) + b"data" + struct.pack(">I", len(pcm))
    (folder / "big.wav").write_bytes(b"RIFX" + struct.pack(">I", len(body) + len(pcm)) + body + pcm)
    return folder / "big.wav"


def several_in_one(name: str, *options: str) -> Make:
    """Files one after the other, as `cat` puts them."""

    def make(folder: Path) -> Path:
        part = encoded(f"part-{name}", *options)(folder).read_bytes()
        (folder / name).write_bytes(part + part)
        return folder / name

    return make


def encrypted(folder: Path) -> Path:
    key = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "0" * 32, "-encryption_kid", "1" * 32)
    return encoded("protected.mp4", "-c:a", "aac", *key)(folder)


def unknown_profile(folder: Path) -> Path:
    """An AAC file whose header claims xHE-AAC (audio object type 42)."""
    path = encoded("xhe.m4a", "-c:a", "aac", rate=48000)(folder)
    content = bytearray(path.read_bytes())
    at = content.find(b"\x05", content.find(b"esds") + 20)
    while content[at + 1] == 0x80:
        at += 1
    content[at + 2], content[at + 3] = 0b11111_001, 0b010_00000 | (content[at + 3] & 31)
    path.write_bytes(content)
    return path


def unpadded(folder: Path) -> Path:
    """A WAV with a chunk of odd length that lacks its pad byte."""
    content = wav_of_sweep(folder / "sweep.wav", 0, 1, 44100, 1).read_bytes()
    path = folder / "unpadded.wav"
    chunk = b"LIST" + struct.pack("<I", 17) + b"INFOINAM\5\0\0\0hello"
    body = content[8:36] + chunk + content[36:]
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path
