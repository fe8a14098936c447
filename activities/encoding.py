"""The forms a render comes out in."""

from dataclasses import dataclass

from audioprep.jobs.keys import ContentType
from audioprep.jobs.recipe import OutputFormat

PREVIEW_BITS_PER_SECOND = 128_000
_AAC_BITS_PER_CHANNEL = 96_000  # per second
_MP3_RATES = (32000, 44100, 48000)  # MPEG-1 layer III: the ones that all players know, and 128 kbit/s fits
_WAV_HEADER = 44  # bytes
_BYTES_PER_SAMPLE = 2
_CONTAINER_SHARE = 1.05  # of a lossy file's bits are not sound


@dataclass(frozen=True, slots=True)
class Encoding:
    """ffmpeg's output options, and what is to be known of the file. `bits_per_second` is None for plain samples."""

    extension: str
    content_type: ContentType
    options: tuple[str, ...]
    bits_per_second: int | None = None

    def size(self, frames: int, sample_rate: int, channels: int) -> int:
        """Bytes of the file: exact for plain samples, an upper bound otherwise."""
        if self.bits_per_second is None:
            return _WAV_HEADER + frames * channels * _BYTES_PER_SAMPLE
        return round(frames / sample_rate * self.bits_per_second / 8 * _CONTAINER_SHARE)


WAV = Encoding("wav", ContentType.WAV, ("-c:a", "pcm_s16le", "-f", "wav"))
PREVIEW = Encoding(
    "mp3",
    ContentType.MP3,
    ("-c:a", "libmp3lame", "-b:a", str(PREVIEW_BITS_PER_SECOND), "-f", "mp3"),
    PREVIEW_BITS_PER_SECOND,
)


def encoding_of(form: OutputFormat, channels: int) -> Encoding:
    """How a prepared file is encoded."""
    if form is OutputFormat.WAV:
        return WAV
    rate = _AAC_BITS_PER_CHANNEL * channels
    options = ("-c:a", "aac", "-b:a", str(rate), "-movflags", "+faststart", "-f", "ipod")
    return Encoding(form.extension, ContentType.M4A, options, rate)


def preview_rate(recipe_rate: int) -> int:
    """The sample rate of a preview: the recipe's where MP3 has it, 44.1 kHz otherwise."""
    return recipe_rate if recipe_rate in _MP3_RATES else 44100
