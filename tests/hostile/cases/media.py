"""Files that are media, but broken, absurd, or far larger than they look."""

import os
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.jobs.types.ingest import SourceType
from tests.hostile.case import Arena, Attack, Case, Expect
from tests.support.ingesting import Ingesting

Make: TypeAlias = Callable[[Path], bytes]
"""The content of a file, given the corpus."""

TONES = ("tone.wav", "tone.mp3", "tone.flac", "tone.ogg", "tone.m4a")
_BIG = 0xFFFF_FFFF


def wav(rate: int, channels: int, bits: int = 16, frames: int = 4000, data: int | None = None, form: int = 1) -> bytes:
    """A WAV file whose header says so; `data` is the size it claims."""
    block = channels * bits // 8
    body = random.Random(1).randbytes(min(block * frames, 2_000_000))
    rates = struct.pack("<HHIIHH", form, channels, rate & _BIG, (rate * block) & _BIG, block & 0xFFFF, bits)
    size = len(body) if data is None else data
    return b"RIFF" + struct.pack("<I", _BIG) + b"WAVEfmt \x10\0\0\0" + rates + b"data" + struct.pack("<I", size) + body


def _patched(name: str, old: bytes, new: bytes) -> Make:
    return lambda corpus: (corpus / name).read_bytes().replace(old, new)


def _huge_jpegs(name: str) -> Make:
    """Every picture of the film says that it is 65,500 pixels wide and high."""
    return _patched(name, b"\x00\x30\x00\x40\x03", b"\xff\xdc\xff\xdc\x03")


def _flipped(name: str, seed: int) -> Make:
    """One byte of a hundred is another."""

    def make(corpus: Path) -> bytes:
        chance, data = random.Random(seed), bytearray((corpus / name).read_bytes())
        for _ in range(max(len(data) // 100, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        return bytes(data)

    return make


def _cut(name: str, share: float) -> Make:
    def make(corpus: Path) -> bytes:
        data = (corpus / name).read_bytes()
        return data[: int(len(data) * share)]

    return make


REFUSED: dict[str, tuple[str, Make]] = {
    "empty": ("a.mp3", lambda _: b""),
    "one byte": ("a.wav", lambda _: b"R"),
    "random": ("a.mp3", lambda _: random.Random(7).randbytes(300_000)),
    "zeros": ("a.mp3", lambda _: bytes(1_000_000)),
    "ones": ("a.mp3", lambda _: b"\xff" * 1_000_000),
    "a header and no sound": ("a.wav", lambda _: wav(44100, 2, frames=0)),
    "an index of nothing": ("a.mp4", lambda _: b"\0\0\0\x08ftyp\0\0\0\x08moov"),
    "a box that contains itself": ("a.mp4", lambda _: b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\0moov" * 1000),
    "100,000 nested boxes": ("a.mp4", lambda _: b"".join(struct.pack(">I4s", _BIG, b"moov") for _ in range(100_000))),
    "a box of 16 exabytes": ("a.mp4", lambda _: b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x01moov" + b"\xff" * 8),
    "ten hours in little room": ("a.flac", lambda corpus: (corpus / "hours.flac").read_bytes()),
    "65,535 channels": ("a.wav", lambda _: wav(8000, 65535, frames=10)),
    "no channels": ("a.wav", lambda _: wav(8000, 0)),
    "0 Hz": ("a.wav", lambda _: wav(0, 1)),
    "a ZIP bomb": ("a.mp3", lambda _: b"PK\x03\x04" + bytes(100_000)),
    "a picture": ("a.mp3", lambda _: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff" + bytes(99)),
    "a GIF": ("a.mp3", lambda _: b"GIF89a\xff\xff\xff\xff" + bytes(99)),
    "half an m4a": ("a.m4a", _cut("tone.m4a", 0.5)),
    "an ELF program": ("a.mp3", lambda _: Path("/proc/self/exe").read_bytes()[:100_000]),
}
EITHER: dict[str, tuple[str, Make]] = {
    "1 Hz": ("a.wav", lambda _: wav(1, 1, frames=1000)),
    "49 Hz": ("a.wav", lambda _: wav(49, 1, frames=1000)),
    "2 GHz": ("a.wav", lambda _: wav(2_147_483_647, 1)),
    "4 GHz": ("a.wav", lambda _: wav(_BIG, 1)),
    "768 kHz": ("a.wav", lambda _: wav(768_000, 2)),
    "64 channels": ("a.wav", lambda _: wav(8000, 64)),
    "65 channels": ("a.wav", lambda _: wav(8000, 65)),
    "255 channels": ("a.wav", lambda _: wav(8000, 255)),
    "5,000 channels": ("a.wav", lambda _: wav(8000, 5000, frames=100)),
    "64-bit floats of nonsense": ("a.wav", lambda _: wav(44100, 2, bits=64, form=3)),
    "1 bit": ("a.wav", lambda _: wav(44100, 1, bits=1)),
    "4 GB promised": ("a.wav", lambda _: wav(44100, 2, data=_BIG - 1)),
    "one sample": ("a.wav", lambda _: wav(44100, 1, frames=1)),
    "a duration of 5,000 digits": ("a.mka", lambda corpus: (corpus / "tag.mka").read_bytes()),
    "1,000 streams": ("a.mka", lambda corpus: (corpus / "streams.mka").read_bytes()),
    "a codec nobody knows": ("a.wav", lambda _: wav(44100, 2, form=0xFFFE)),
    "huge tags": (
        "a.mp3",
        lambda corpus: b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + bytes(500_000) + (corpus / "tone.mp3").read_bytes(),
    ),
    "two recordings in one": (
        "a.mp3",
        lambda corpus: (corpus / "tone.mp3").read_bytes() + (corpus / "tone.flac").read_bytes(),
    ),
    "noise around a recording": (
        "a.mp3",
        lambda corpus: os.urandom(5000) + (corpus / "tone.mp3").read_bytes() + os.urandom(5000),
    ),
}
FILMS: dict[str, Make] = {
    "mkv of huge pictures": _huge_jpegs("film.mkv"),
    "avi of huge pictures": _huge_jpegs("film.avi"),
    "mp4 of huge size": _patched("film.mp4", b"\0\x40\0\x30\0\x48", b"\xff\xff\xff\xff\0\x48"),
    "mp4 of huge times": _patched("film.mp4", b"mvhd\0\0\0\0", b"mvhd\1\xff\xff\xff"),
    "half an mkv": _cut("film.mkv", 0.5),
    "half an avi": _cut("film.avi", 0.5),
    "half an mp4": _cut("film.mp4", 0.5),
}


def cases() -> Iterator[Case]:
    for title, (name, make) in REFUSED.items():
        yield Case("media", title, Expect.REFUSED, _sending(name, make))
    for title, (name, make) in EITHER.items():
        yield Case("media", title, Expect.EITHER, _sending(name, make))
    for tone in TONES:
        yield Case("media", f"{tone} cut at 90 %", Expect.EITHER, _sending(tone, _cut(tone, 0.9)))
        for seed in range(3):
            yield Case(
                "media", f"{tone} with flipped bytes ({seed})", Expect.EITHER, _sending(tone, _flipped(tone, seed))
            )
    for title, make in FILMS.items():
        yield Case("film", title, Expect.EITHER, _sending("a.mp4", make, SourceType.VIDEO_FILE))
    for film in ("film.mp4", "film.mkv", "film.avi"):
        yield Case(
            "film",
            f"{film} with flipped bytes",
            Expect.EITHER,
            _sending(film, _flipped(film, 5), SourceType.VIDEO_FILE),
        )


def _sending(name: str, make: Make, source_type: SourceType = SourceType.AUDIO_FILE) -> Attack:
    async def attack(arena: Arena) -> str:
        job = Ingesting(arena.folder, MediaLimits(max_bytes=20_000_000, max_seconds=1800))
        found = await job.ingest(name, make(arena.corpus), source_type)
        if len(job.peaks) // 2 not in range(int(found.duration * 50), int(found.duration * 50) + 2):
            raise RuntimeError(f"{len(job.peaks) // 2} peaks for {found.duration} s")
        return f"{found.duration:g} s, {found.channels} channels at {found.sample_rate} Hz"

    return attack
