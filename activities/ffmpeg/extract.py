"""Extraction of a video's audio stream into an audio file: copied where that is proved whole, else decoded to FLAC.

The film's sound is decoded once as a reference, and the copy is kept only if it decodes to the same. No length or start
time of a container decides.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import DownloadedFile
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.ffmpeg.command import LIMITS, ffmpeg, input_options
from audioprep.activities.ffmpeg.containers import FileForm, form_of
from audioprep.activities.ffmpeg.decode import Decoded, Listener, PcmForm, Samples, Take, decode
from audioprep.activities.ffmpeg.fingerprint import Fingerprint
from audioprep.activities.ffmpeg.probe import Probe, probe
from audioprep.activities.ffmpeg.working_copy import lossless_copy, measure
from audioprep.activities.process.limits import MB
from audioprep.activities.process.supervisor import child_process
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError
from audioprep.jobs.types.tags import AssetTags

_SLACK: Final = 0.5  # seconds that a length may be off by: encoder delay, last packet
_TORN: Final = ("partial file", "File ended prematurely")  # ffmpeg's words for a file without its end
_UNKNOWN_SIZE: Final = 0xFFFF_FFFF
_CONTAINER_BYTES: Final = 64 * MB  # what another container may add to the copied sound


@dataclass(frozen=True, slots=True)
class _Container:
    extension: str
    muxer: str  # as in `ffmpeg -muxers`
    options: tuple[str, ...] = ()


_STREAMS: Final = frozenset({"mpegts"})  # as HLS sends them: no file for a player, and no index
_MATROSKA: Final = _Container("mka", "matroska")  # takes nearly every codec
# A Xing header would tell a delay that ffmpeg does not know of a copied stream: decoders would skip sound.
_MP3: Final = _Container("mp3", "mp3", ("-write_xing", "0"))
_CONTAINERS: Final = {
    "aac": _Container("m4a", "ipod"),
    "alac": _Container("m4a", "ipod"),
    "flac": _Container("flac", "flac"),
    "mp3": _MP3,
    "opus": _Container("ogg", "ogg"),
    "vorbis": _Container("ogg", "ogg"),
    "pcm_u8": _Container("wav", "wav"),
    "pcm_s16le": _Container("wav", "wav"),
    "pcm_s24le": _Container("wav", "wav"),
    "pcm_s32le": _Container("wav", "wav"),
    "pcm_f32le": _Container("wav", "wav"),
    "pcm_f64le": _Container("wav", "wav"),
}


@dataclass(frozen=True, slots=True)
class Audio:
    """A file to store as an original, its form, and the tags of its source."""

    path: Path
    form: FileForm
    tags: AssetTags


async def audio_only(source: DownloadedFile, step: AttemptContext, limits: MediaLimits) -> Audio:
    """`source` itself, or what sounds in it when it has a picture that moves, or is a stream that no browser plays.

    Raises PermanentError when it is no media file or has no audio.
    """
    probed = await probe(source.path, step.scratch)
    if not probed.has_video and probed.format not in _STREAMS:
        return Audio(source.path, await form_of(source.path, probed), probed.tags)
    return await _Extraction(source.path, probed, step, limits).run()


async def as_it_is(source: DownloadedFile, step: AttemptContext, limits: MediaLimits) -> Audio:
    """`source` itself, whatever is in it beside the sound.

    Raises PermanentError when it is no media file or has no audio.
    """
    probed = await probe(source.path, step.scratch)
    return Audio(source.path, await form_of(source.path, probed), probed.tags)


class _Extraction:
    """One film."""

    def __init__(self, film: Path, probed: Probe, step: AttemptContext, limits: MediaLimits) -> None:
        self._film = film
        self._probed = probed
        self._step = step
        self._limits = limits

    async def run(self) -> Audio:
        original = Fingerprint()
        measured = await measure(self._film, self._probed, self._step.scratch, self._watched(original.listen), own=True)
        await asyncio.to_thread(self._check_whole, measured.decoded)
        if measured.work is not None:
            return await self._audio(measured.work)
        copy = await self._copy()
        if copy is not None and await self._sounds_like(copy, original):
            return await self._audio(copy)
        return await self._audio(await self._decoded(measured.decoded))

    def _check_whole(self, decoded: Decoded) -> None:
        """Raises PermanentError for a film that breaks off: its length says so, and the file itself bears it out."""
        said = self._probed.duration
        if said is None or decoded.seconds >= said - _SLACK:
            return
        if any(sign in line for line in decoded.timeline.errors for sign in _TORN) or _is_torn_riff(self._film):
            sentence = f"The video breaks off after {decoded.seconds:.1f} of {said:.1f} seconds."
            raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)

    async def _audio(self, path: Path) -> Audio:
        written = await probe(path, self._step.scratch)
        extension = path.suffix.removeprefix(".")
        return Audio(path, FileForm(extension, (await form_of(path, written)).content_type), self._probed.tags)

    async def _copy(self) -> Path | None:
        """The stream in a container for audio; None if ffmpeg cannot write it into one."""
        container = _CONTAINERS.get(self._probed.codec, _MATROSKA)
        path = self._step.scratch / f"audio.{container.extension}"
        command = ffmpeg(
            *("-progress", "pipe:1", "-nostats", *input_options(self._film, patient=self._probed.patient)),
            *("-map", f"0:{self._probed.stream_index}", "-map_chapters", "-1", "-c:a", "copy"),
            *(*container.options, "-f", container.muxer, f"file:{path}"),
        )
        limits = LIMITS.writing(await asyncio.to_thread(_most_bytes, self._film))
        async with child_process(command, cwd=self._step.scratch, limits=limits) as child:
            async for _ in child.lines():
                self._step.keep_alive()
            code = await child.wait()
        return path if code == 0 else None

    async def _sounds_like(self, copy: Path, original: Fingerprint) -> bool:
        """Whether the copy has the sound of the film at the same times."""
        found = Fingerprint()
        try:
            decoded = await decode(
                copy, await probe(copy, self._step.scratch), self._step.scratch, self._watched(found.listen)
            )
        except PermanentError:
            return False
        return decoded.is_plain and found.is_of(original)

    async def _decoded(self, expected: Decoded) -> Path:
        """The stream, decoded, as FLAC, or as WAV where FLAC would lose something."""
        scratch, deaf = self._step.scratch, self._watched(_deaf)
        path, _ = await lossless_copy(self._film, self._probed, expected.form, scratch, deaf)
        written = await decode(path, await probe(path, scratch), scratch, deaf)
        if written.frames != expected.frames:
            raise TransientError(ErrorKind.CHILD_FAILED, "ffmpeg did not write all of the video's audio.")
        return path

    def _watched(self, listen: Listener) -> Listener:
        """The same, while the limits hold and the step shows signs of work."""

        def begin(form: PcmForm) -> Take:
            take, frames = listen(form), 0

            def count(samples: Samples) -> None:
                nonlocal frames
                frames += len(samples)
                self._limits.check_duration(frames / form.sample_rate)
                self._step.keep_alive()
                take(samples)

            return count

        return begin


def _deaf(form: PcmForm) -> Take:
    return lambda samples: None


def _is_torn_riff(film: Path) -> bool:
    """Whether an AVI file is shorter than its outermost chunk; recorders that crash leave 0 there."""
    with film.open("rb") as file:
        head = file.read(8)
    return head[:4] == b"RIFF" and film.stat().st_size < int.from_bytes(head[4:], "little") < _UNKNOWN_SIZE


def _most_bytes(source: Path) -> int:
    """Sound that is copied cannot be larger than the file it comes from, but for its new container."""
    return source.stat().st_size + _CONTAINER_BYTES
