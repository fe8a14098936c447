"""Extraction of a video's audio stream into an audio file: copied, not encoded again."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import DownloadedFile
from audioprep.activities.ffmpeg.command import LIMITS, error_excerpt, ffmpeg, input_options
from audioprep.activities.ffmpeg.containers import FileForm, form_of
from audioprep.activities.ffmpeg.probe import Probe, probe
from audioprep.activities.ffmpeg.run import seconds_of
from audioprep.activities.process.limits import MB
from audioprep.activities.process.supervisor import child_process
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError

_SLACK: Final = 0.5  # seconds that containers may disagree about: encoder delay, last packet
_CONTAINER_BYTES: Final = 64 * MB  # what another container may add to the copied sound
_END: Final = "progress=end"


@dataclass(frozen=True, slots=True)
class _Container:
    extension: str
    muxer: str  # as in `ffmpeg -muxers`


_STREAMS: Final = frozenset({"mpegts"})  # as HLS sends them: no file for a player, and no index
_MATROSKA: Final = _Container("mka", "matroska")  # takes nearly every codec
_CONTAINERS: Final = {
    "aac": _Container("m4a", "ipod"),
    "alac": _Container("m4a", "ipod"),
    "flac": _Container("flac", "flac"),
    "mp3": _Container("mp3", "mp3"),
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
    """A file to store as an original, and its form."""

    path: Path
    form: FileForm


async def audio_only(source: DownloadedFile, step: AttemptContext) -> Audio:
    """`source` itself, or what sounds in it when it has a picture that moves, or is a stream that no browser plays.

    Raises PermanentError when it is no media file or has no audio.
    """
    probed = await probe(source.path, step.scratch)
    if not probed.has_video and probed.format not in _STREAMS:
        return Audio(source.path, await form_of(source.path, probed))
    container = _CONTAINERS.get(probed.codec, _MATROSKA)
    path = step.scratch / f"audio.{container.extension}"
    muxed = await _extract(source.path, probed, container, path, step)
    written = await probe(path, step.scratch)
    _check_whole(written, probed, muxed)
    return Audio(path, FileForm(container.extension, (await form_of(path, written)).content_type))


async def as_it_is(source: DownloadedFile, step: AttemptContext) -> Audio:
    """`source` itself, whatever is in it beside the sound.

    Raises PermanentError when it is no media file or has no audio.
    """
    return Audio(source.path, await form_of(source.path, await probe(source.path, step.scratch)))


async def _extract(source: Path, probed: Probe, container: _Container, path: Path, step: AttemptContext) -> float:
    """Copy the first audio stream into `path`. Returns the seconds that ffmpeg says it wrote."""
    command = ffmpeg(
        *("-progress", "pipe:1", "-nostats"),
        *input_options(source),
        *("-map", f"0:{probed.stream_index}", "-map_chapters", "-1", "-c:a", "copy"),
        *("-f", container.muxer, f"file:{path}"),
    )
    muxed = 0.0
    ended = False
    limits = LIMITS.writing(await asyncio.to_thread(_most_bytes, source))
    async with child_process(command, cwd=step.scratch, limits=limits) as child:
        async for line in child.lines():
            ended = line == _END
            seconds = seconds_of(line)
            if seconds is not None:
                muxed = seconds
                step.keep_alive()
        code = await child.wait()
    if code != 0 or not ended:
        sentence = f"The audio could not be taken out of the video ({error_excerpt(child.last_stderr_line, source)})."
        raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)
    return muxed


def _most_bytes(source: Path) -> int:
    """Sound that is copied cannot be larger than the file it comes from, but for its new container."""
    return source.stat().st_size + _CONTAINER_BYTES


def _check_whole(result: Probe, source: Probe, muxed: float) -> None:
    """Exit code 0 proves nothing: what was written must be as long as ffmpeg says, and as the video's audio was."""
    written = result.duration or muxed
    if written < muxed - _SLACK:
        raise TransientError(ErrorKind.CHILD_FAILED, "ffmpeg did not write all of the video's audio.")
    if source.stream_duration is not None and max(written, muxed) < source.stream_duration - _SLACK:
        sentence = f"The video breaks off after {written:.1f} of {source.stream_duration:.1f} seconds."
        raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)
