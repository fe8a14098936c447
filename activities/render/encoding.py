"""Output encodings of a render."""

from dataclasses import dataclass, replace

from audioprep.jobs.keys import ContentType
from audioprep.jobs.types.recipe import OutputFormat, Recipe, max_aac_kbps

PREVIEW_BITS_PER_SECOND = 128_000
# LAME's quality 7 instead of 5: less than half the time for music, two thirds for noise. `make bench ONLY=previews` has
# its noise-to-mask ratio, which is no worse.
_PREVIEW_QUALITY = "7"
# kbit/s of a stereo file, which is a ceiling: ffmpeg's encoder takes no longer for it, and music that has less in it
# comes out smaller.
AAC_KBPS = 384
_STEREO = 2  # channels
_WAV_HEADER = 44  # bytes
_BYTES_PER_SAMPLE = 2
_OVERHEAD = 1.15  # measured on noise: of the bits asked for, at most, with the container's index of frames


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
        return round(frames / sample_rate * self.bits_per_second / 8 * _OVERHEAD)


WAV = Encoding("wav", ContentType.WAV, ("-c:a", "pcm_s16le", "-f", "wav"))
PREVIEW = Encoding(
    "mp3",
    ContentType.MP3,
    ("-c:a", "libmp3lame", "-b:a", str(PREVIEW_BITS_PER_SECOND), "-compression_level", _PREVIEW_QUALITY, "-f", "mp3"),
    PREVIEW_BITS_PER_SECOND,
)


def preview_band(channels: int) -> int:
    """The sample rate that holds what a preview keeps of the sound: libmp3lame's low-pass, 17 or 20 kHz, doubled.

    White noise loses 1 to 2 LU by it, music and speech nothing.
    """
    return 34_000 if channels > 1 else 40_000


def with_tag(encoding: Encoding, name: str, value: str) -> Encoding:
    """The same, and the file has a text of ours in its tags."""
    return replace(encoding, options=(*encoding.options, "-metadata", f"{name}={value}"))


def encoding_of(recipe: Recipe, channels: int, aac_kbps: int = AAC_KBPS) -> Encoding:
    """How a prepared file is encoded. `aac_kbps` is for a recipe that has none, as far as its sample rate allows."""
    if recipe.output_format is OutputFormat.WAV:
        return WAV
    stereo = min(recipe.aac_kbps or aac_kbps, max_aac_kbps(recipe.output_sample_rate))
    rate = stereo * 1000 * channels // _STEREO
    # The quicker of the encoder's two searches has less noise above the masking threshold, too.
    options = ("-c:a", "aac", "-aac_coder", "fast", "-b:a", str(rate), "-movflags", "+faststart", "-f", "ipod")
    return Encoding(recipe.output_format.extension, ContentType.M4A, options, rate)
