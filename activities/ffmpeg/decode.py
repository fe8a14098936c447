"""Decoding of a file to 16-bit samples of all its channels, block by block, in constant memory."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from audioprep.activities.ffmpeg.command import KILLED, LIMITS, ffmpeg, input_options
from audioprep.activities.ffmpeg.errors import NO_REASON, reason_of
from audioprep.activities.ffmpeg.probe import Probe
from audioprep.activities.ffmpeg.timeline import LOG_LEVEL, WATCH, Timeline
from audioprep.activities.process.limits import ChildLimits
from audioprep.activities.process.supervisor import child_process
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError

Samples: TypeAlias = NDArray[np.int16]
"""Shape (frames, channels)."""

# Containers that store timestamps. In others ffmpeg makes them up from what it has read, and no player looks at them.
TIMED: Final = frozenset({"asf", "flv", "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "mpeg", "mpegts", "ogg"})
PCM: Final = ("-c:a", "pcm_s16le", "-bitexact", "-f", "wav", "pipe:1")
_MAX_HEADER: Final = 4096  # bytes before the samples of a WAV stream
# What ffmpeg says when it could not go on after a change of form: the rest of the source was not decoded.
_BROKEN_GRAPH: Final = ("Error reinitializing filters", "Failed to inject frame into filter network")


@dataclass(frozen=True, slots=True)
class PcmForm:
    """Sample rate in hertz and number of channels of decoded samples."""

    sample_rate: int
    channels: int


Take: TypeAlias = Callable[[Samples], None]
Listener: TypeAlias = Callable[[PcmForm], Take]
"""Called once the form of the samples is known; gives what takes them."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """How much was decoded, in which form, and what was noticed of its timestamps."""

    form: PcmForm
    frames: int
    timeline: Timeline
    broken: str | None = None  # why ffmpeg could not go on in the middle, although there was more to decode
    timed: bool = False  # the container has timestamps of its own

    @property
    def is_plain(self) -> bool:
        """One form and one clock from end to end: samples can be counted."""
        jumps = self.timed and self.timeline.jumps > 0
        return self.timeline.changes == 0 and not jumps and self.broken is None

    @property
    def seconds(self) -> float:
        return self.frames / self.form.sample_rate


async def decode(source: Path, probe: Probe, cwd: Path, listen: Listener) -> Decoded:
    """Decode the probed stream from end to end, in the form of its first frame.

    Raises PermanentError when nothing could be decoded, and whatever a listener raises. Of a file that breaks off, the
    readable part is given. With `-copyts` its own timestamps are watched, not those that ffmpeg has mended.
    """
    stream = ("-map", f"0:{probe.stream_index}", "-af", WATCH)
    command = ffmpeg(*LOG_LEVEL, "-copyts", *input_options(source, patient=probe.patient), *stream, *PCM)
    return replace(await run_decoder(command, source, cwd, listen, LIMITS), timed=probe.format in TIMED)


async def run_decoder(
    command: list[str | Path], source: Path, cwd: Path, listen: Listener, limits: ChildLimits
) -> Decoded:
    """Run an ffmpeg that writes a WAV stream to stdout and its log, with levels, to stderr."""
    timeline, stream = Timeline(), WavStream(listen)
    async with child_process(command, cwd=cwd, limits=limits, read_line=timeline.read) as child:
        async for block in child.blocks():
            stream.add(block)
        code = await child.wait()
    if code < 0 or code == KILLED:
        raise TransientError(ErrorKind.CHILD_FAILED, "ffmpeg was killed while it decoded the file.")
    reason = reason_of("\n".join(timeline.errors), source)
    # Else the exit code says nothing: 0 for a file of which nothing could be read, 1 for one that merely breaks off.
    broken = code != 0 and any(sign in line for line in timeline.errors for sign in _BROKEN_GRAPH)
    if stream.form is None or not stream.frames:
        sentence = (
            "The file is empty: it has no sound in it."
            if reason == NO_REASON
            else f"No audio could be decoded from the file ({reason})."
        )
        raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)
    return Decoded(stream.form, stream.frames, timeline, reason if broken else None)


class WavStream:
    """Parser of a WAV stream as ffmpeg writes it into a pipe: chunks, of which `fmt ` and `data` matter."""

    def __init__(self, listen: Listener) -> None:
        self._listen = listen
        self._take: Take | None = None
        self._rest = b""
        self.form: PcmForm | None = None
        self.frames = 0

    def add(self, block: bytes) -> None:
        data = self._rest + block if self._rest else block
        if self._take is None:
            start = self._read_header(data)
            if start is None:
                self._rest = data
                return
            data = data[start:]
        if self._take is not None and self.form is not None:
            self._rest = self._give(data, self.form.channels, self._take)

    def _give(self, data: bytes, channels: int, take: Take) -> bytes:
        """Hand on whole frames; what is left of the data."""
        frames = len(data) // (2 * channels)
        size = frames * 2 * channels
        if frames:
            self.frames += frames
            take(np.frombuffer(data, dtype="<i2", count=size // 2).reshape(frames, channels))
        return data[size:]

    def _read_header(self, data: bytes) -> int | None:
        """Where the samples begin; None while that has not arrived."""
        at = 12  # "RIFF", size, "WAVE"
        while at + 8 <= len(data):
            name, length = struct.unpack_from("<4sI", data, at)
            if name == b"data":
                break
            if name == b"fmt " and at + 16 <= len(data):
                channels, rate = struct.unpack_from("<HI", data, at + 10)
                self.form = PcmForm(rate, channels)
            at += 8 + length + length % 2
        else:
            if len(data) > _MAX_HEADER:
                raise TransientError(ErrorKind.CHILD_FAILED, "ffmpeg wrote something else than a WAV stream.")
            return None
        if self.form is None:
            raise TransientError(ErrorKind.CHILD_FAILED, "ffmpeg wrote a WAV stream without its form.")
        self._take = self._listen(self.form)
        return at + 8
