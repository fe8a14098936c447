"""Files of a render: formats, and the sample rates, bit depths and bit rates that each of them has. Pure."""

from enum import StrEnum
from typing import Any, Final, Literal, Self

from pydantic import Field, model_validator

from audioprep.jobs.payload import WireModel

MAX_OUTPUTS: Final = 4
# What ffmpeg's AAC encoder takes, from the MPEG-4 table of sampling frequencies (ISO/IEC 14496-3, 1.6.3.4).
AAC_RATES: Final = (7350, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
MIN_AAC_KBPS, MAX_AAC_KBPS = 64, 1152  # below, the encoder's own overhead passes the bit rate that was asked for
_AAC_BITS_PER_SAMPLE: Final = 6  # at most: 6144 bits a frame of 1024 samples (ISO/IEC 14496-3, 4.5.1.1)
# Of a stereo file; half of each, for mono, is in the tables of layer III, too (ISO/IEC 11172-3 and 13818-3, 2.4.2.3).
MP3_KBPS: Final = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MP3_LIMITS: Final = {
    **dict.fromkeys((8000, 11025, 12000), 64),  # MPEG-2.5: LAME has no more
    **dict.fromkeys((16000, 22050, 24000), 160),
    **dict.fromkeys((32000, 44100, 48000), 320),
}
"""By sample rate, the highest bit rate in kbit/s."""
MIN_OPUS_KBPS, MAX_OPUS_KBPS = 32, 512  # libopus takes 256 kbit/s a channel
OPUS_RATE: Final = 48_000  # hertz; every Opus file is decoded to it (RFC 7845, 5.1)
ANY_FLAC_RATE: Final = 65_534  # hertz, up to which every rate has a place in a FLAC frame header; then multiples of 10

_NAMES: Final = {"wav": "WAV", "flac": "FLAC", "mp3": "MP3", "aac": "AAC", "opus": "Opus"}


class FileFormat(StrEnum):
    WAV = "wav"
    FLAC = "flac"
    MP3 = "mp3"
    AAC = "aac"  # in m4a
    OPUS = "opus"  # in Ogg

    @property
    def extension(self) -> str:
        """The extension of the prepared file."""
        return "m4a" if self is FileFormat.AAC else self.value

    @property
    def display_name(self) -> str:
        """The format as people write it."""
        return _NAMES[self.value]

    @property
    def is_lossless(self) -> bool:
        return self in (FileFormat.WAV, FileFormat.FLAC)


def max_aac_kbps(sample_rate: int) -> int:
    """The highest AAC bit rate, in kbit/s of a stereo file, that there is at a sample rate."""
    return 2 * _AAC_BITS_PER_SAMPLE * sample_rate // 1000


def max_kbps(form: FileFormat, sample_rate: int) -> int:
    """The highest bit rate of a lossy format, in kbit/s of a stereo file, that there is at a sample rate."""
    match form:
        case FileFormat.AAC:
            return max_aac_kbps(sample_rate)
        case FileFormat.MP3:
            return MP3_LIMITS.get(sample_rate, max(MP3_KBPS))
        case _:
            return MAX_OPUS_KBPS


def has_rate(form: FileFormat, sample_rate: int) -> bool:
    """Whether a format has files of a sample rate. Opus takes any, and has 48 kHz inside."""
    match form:
        case FileFormat.AAC:
            return sample_rate in AAC_RATES
        case FileFormat.MP3:
            return sample_rate in MP3_LIMITS
        case FileFormat.FLAC:
            return sample_rate <= ANY_FLAC_RATE or sample_rate % 10 == 0
        case _:
            return True


class RecipeOutput(WireModel):
    """One file of a render."""

    format: FileFormat
    bit_depth: Literal[16, 24] | None = Field(
        default=None, description="bits of a sample of wav and flac, 16 if absent"
    )
    kbps: int | None = Field(
        default=None,
        ge=MIN_OPUS_KBPS,
        le=MAX_AAC_KBPS,
        description="kbit/s of a stereo mp3 (192 if absent), aac or opus (128) file; mono takes half",
    )

    @model_validator(mode="after")
    def _is_of_the_format(self) -> Self:
        name = self.format.value
        if self.bit_depth is not None and not self.format.is_lossless:
            raise ValueError(f"bitDepth is for wav and flac, and this is {name}")
        if self.kbps is None:
            return self
        if self.format.is_lossless:
            raise ValueError(f"kbps is for mp3, aac and opus, and this is {name}")
        if self.format is FileFormat.MP3 and self.kbps not in MP3_KBPS:
            listed = ", ".join(map(str, MP3_KBPS[:-1]))
            raise ValueError(f"kbps of mp3 is one of {listed} and {MP3_KBPS[-1]}")
        least = MIN_AAC_KBPS if self.format is FileFormat.AAC else MIN_OPUS_KBPS
        most = MAX_AAC_KBPS if self.format is FileFormat.AAC else MAX_OPUS_KBPS
        if not least <= self.kbps <= most:
            raise ValueError(f"kbps of {name} is {least} to {most}")
        return self

    @property
    def label(self) -> str:
        """The format, and what was said of it: `mp3 192`, `wav 24`."""
        said = self.bit_depth or self.kbps
        return f"{self.format.value} {said}" if said else self.format.value


def few_outputs(given: Any) -> Any:
    """Refuse a list that is too long before any entry is looked at. Raises ValueError."""
    if isinstance(given, list | tuple) and len(given) > MAX_OUTPUTS:
        raise ValueError(f"it has {len(given)} files, and {MAX_OUTPUTS} are the most")
    return given


def fault_of(outputs: tuple[RecipeOutput, ...], sample_rate: int) -> str | None:
    """What is wrong with files of a sample rate, in the words of an error; None if nothing is."""
    formats = [output.format for output in outputs]
    for output in outputs:
        name = output.format.display_name
        if formats.count(output.format) > 1:
            return f"outputs has {output.format.value} more than once"
        if not has_rate(output.format, sample_rate):
            return f"outputSampleRate {sample_rate} does not exist in {name}"
        highest = 0 if output.format.is_lossless else max_kbps(output.format, sample_rate)
        if output.kbps is not None and output.kbps > highest:
            return f"kbps {output.kbps} is more than the {highest} that {name} has at {sample_rate} Hz"
    return None
