"""Working copy: a source that is not plain as one FLAC file of one form and one clock, from which it is cut.

Gaps in the timestamps become silence, as players keep them. All rates become the highest of them; more than two
channels, or a number that changes, become stereo, mixed as a render would mix them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audioprep.activities.ffmpeg.command import LIMITS, ffmpeg, input_options
from audioprep.activities.ffmpeg.decode import PCM, Decoded, Listener, PcmForm, decode, run_decoder
from audioprep.activities.ffmpeg.mixing import CHANGING, mix_filters
from audioprep.activities.ffmpeg.probe import Probe
from audioprep.activities.ffmpeg.timeline import FILL, LOG_LEVEL, MAX_GAP
from audioprep.activities.process.limits import MB
from audioprep.jobs.errors import ErrorKind, PermanentError

_MOST_BYTES: Final = 2048 * MB  # the length of a source is limited while it is decoded, which ends ffmpeg long before
_HIGHEST_RATE: Final = 192_000  # hertz
_ANY_RATE: Final = 65_535  # hertz up to which FLAC takes any rate; above, multiples of 10
_16_BIT: Final = frozenset({"u8", "u8p", "s16", "s16p"})
_FLAC_CHANNELS: Final = 8


@dataclass(frozen=True, slots=True)
class Measured:
    """One source, decoded from end to end. `work` is its working copy, None for a plain source.

    `decoded` counts in the form of what is cut: of the working copy where there is one.
    """

    decoded: Decoded
    work: Path | None
    exact: bool  # the timestamps are those of the samples: a seek may go by them


async def measure(source: Path, probe: Probe, cwd: Path, listen: Listener, *, own: bool = False) -> Measured:
    """Decode a source; one that is not plain a second time, into a working copy in `cwd`.

    The listener is asked anew for each decode. Of a source whose original is made from the working copy, which `own`
    says, no player keeps the gaps: long ones are closed. Else they raise PermanentError.
    """
    decoded = await decode(source, probe, cwd, listen)
    if decoded.is_plain and not probe.patient:
        return Measured(decoded, None, decoded.timeline.exact)
    work = cwd / "work.flac"
    copied = await make_working_copy(source, probe, decoded, work, cwd, listen)
    if copied.timeline.longest_gap > MAX_GAP and not own:
        gap = copied.timeline.longest_gap
        sentence = f"The recording's timestamps have a gap of {gap:.0f} s: {MAX_GAP:g} s at most can be filled."
        raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)
    return Measured(copied, work, exact=True)


async def make_working_copy(
    source: Path, probe: Probe, found: Decoded, target: Path, cwd: Path, listen: Listener
) -> Decoded:
    """Decode `source`, which was decoded before as `found`, into the FLAC file `target` and to the listener."""
    filters = f"[0:{probe.stream_index}]{','.join(_chain(probe, found))},asplit[file][samples]"
    command = ffmpeg(
        *("-y", *LOG_LEVEL, *input_options(source, patient=probe.patient), "-filter_complex", filters),
        *("-map", "[file]", "-map_metadata", "-1", "-bitexact", "-c:a", "flac", "-f", "flac", f"file:{target}"),
        *("-map", "[samples]", "-map_metadata", "-1", *PCM),
    )
    copied = await run_decoder(command, source, cwd, listen, LIMITS.writing(_MOST_BYTES))
    if copied.broken is not None:
        sentence = f"The recording could not be decoded after {copied.seconds:.1f} s ({copied.broken})."
        raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)
    return copied


def _chain(probe: Probe, found: Decoded) -> list[str]:
    timeline = found.timeline
    layouts = {form.layout for form in timeline.forms}
    changing = len(layouts) > 1
    stereo = probe.channels > 1 or changing
    mix = [CHANGING] if changing else mix_filters(probe.channels, probe.layout, 2 if stereo else 1)
    rate = max((form.sample_rate for form in timeline.forms), default=probe.sample_rate)
    depth = "s16" if probe.sample_format in _16_BIT else "s32"
    # Where a chained Ogg file begins anew, ffmpeg takes one clock for the other: it leaves gaps that are none.
    chained = probe.format == "ogg" and (timeline.restarts or timeline.changes)
    gaps = found.timed and not chained
    return [
        *([FILL] if gaps else []),
        *mix,
        f"aresample={_flac_rate(rate)}:rematrix_maxval=1",
        f"aformat=sample_fmts={depth}:channel_layouts={'stereo' if stereo else 'mono'}",
    ]


def _flac_rate(rate: int) -> int:
    """The rate itself where FLAC has it."""
    return rate if rate <= _ANY_RATE or (rate % 10 == 0 and rate <= _HIGHEST_RATE) else _HIGHEST_RATE


async def lossless_copy(source: Path, probe: Probe, form: PcmForm, cwd: Path, listen: Listener) -> tuple[Path, Decoded]:
    """Decode a plain source into FLAC; into WAV what FLAC cannot hold: float samples, more than 8 channels, odd rates.

    The whole layout is kept. Gives the file, and what went into it.
    """
    floating = probe.codec.startswith("pcm_f")
    fits = form.channels <= _FLAC_CHANNELS and _flac_rate(form.sample_rate) == form.sample_rate and not floating
    narrow = probe.sample_format in _16_BIT
    flac = ("-c:a", "flac", "-sample_fmt", "s16" if narrow else "s32", "-f", "flac")
    wav = ("-c:a", "pcm_f32le" if floating else "pcm_s16le" if narrow else "pcm_s24le", "-rf64", "auto", "-f", "wav")
    path = cwd / ("audio.flac" if fits else "audio.wav")
    stream = ("-map", f"0:{probe.stream_index}", "-map_metadata", "-1", "-bitexact")
    command = ffmpeg(
        *("-y", *LOG_LEVEL, *input_options(source, patient=probe.patient)),
        *(*stream, *(flac if fits else wav), f"file:{path}", *stream, *PCM),
    )
    return path, await run_decoder(command, source, cwd, listen, LIMITS.writing(_MOST_BYTES))
