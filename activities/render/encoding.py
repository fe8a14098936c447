"""Output encodings of a render."""

from dataclasses import dataclass, replace
from typing import Final

from audioprep.activities.render.tagging.labels import Labels
from audioprep.jobs.keys import ContentType
from audioprep.jobs.types.outputs import OPUS_RATE, FileFormat, RecipeOutput, max_kbps

PREVIEW_BITS_PER_SECOND = 128_000
# LAME's quality 7 instead of 5: less than half the time for music, two thirds for noise. `make bench ONLY=previews` has
# its noise-to-mask ratio, which is no worse.
_PREVIEW_QUALITY = "7"
# kbit/s of a stereo file, which is a ceiling: ffmpeg's encoder takes no longer for it, and music that has less in it
# comes out smaller.
AAC_KBPS = 384
_KBPS: Final = {FileFormat.MP3: 192, FileFormat.OPUS: 128}  # of a stereo file
_STEREO = 2  # channels
_WAV_HEADER = 44  # bytes; those beyond are in the slack that every file has
_OVERHEAD = 1.15  # measured on noise: of the bits asked for, at most, with the container's index of frames
_FLAC_OVERHEAD = 1.01  # of plain samples: frames that cannot be compressed are stored as they are


@dataclass(frozen=True, slots=True)
class Encoding:
    """ffmpeg's output options, and what is to be known of the file.

    `samples` is the sample format of a WAV file, as ffmpeg's filters name it, None for any other. `bits_per_second` is
    None for plain and lossless samples of `sample_bytes` each. `sample_rate` is None where it is that of the sound.
    Without `labels` a file has no tags. `clipped`: what passes full scale is cut off before the encoder sees it, as in
    a WAV file; LAME aborts over infinite samples, which float files may hold.
    """

    extension: str
    content_type: ContentType
    options: tuple[str, ...]
    bits_per_second: int | None = None
    samples: str | None = None
    sample_bytes: int = 2
    sample_rate: int | None = None
    labels: Labels | None = None
    clipped: bool = False

    def size(self, frames: int, sample_rate: int, channels: int) -> int:
        """Bytes of the file: exact for plain samples without labels, an upper bound otherwise."""
        labels = self.labels.size if self.labels else 0
        if self.bits_per_second is not None:
            return round(frames / sample_rate * self.bits_per_second / 8 * _OVERHEAD) + labels
        plain = frames * channels * self.sample_bytes
        return _WAV_HEADER + (plain if self.samples else round(plain * _FLAC_OVERHEAD)) + labels


WAV = Encoding("wav", ContentType.WAV, ("-c:a", "pcm_s16le", "-f", "wav"), samples="s16")
WAV_24 = Encoding("wav", ContentType.WAV, ("-c:a", "pcm_s24le", "-f", "wav"), samples="s32", sample_bytes=3)
MASTER = Encoding("wav", ContentType.WAV, ("-c:a", "pcm_f32le", "-f", "wav"), samples="flt", sample_bytes=4)
"""What several files are made of: the mastered sound, not rounded yet."""
PREVIEW = Encoding(
    "mp3",
    ContentType.MP3,
    ("-c:a", "libmp3lame", "-b:a", str(PREVIEW_BITS_PER_SECOND), "-compression_level", _PREVIEW_QUALITY, "-f", "mp3"),
    PREVIEW_BITS_PER_SECOND,
    clipped=True,
)


def preview_band(channels: int) -> int:
    """The sample rate that holds what a preview keeps of the sound: libmp3lame's low-pass, 17 or 20 kHz, doubled.

    White noise loses 1 to 2 LU by it, music and speech nothing.
    """
    return 34_000 if channels > 1 else 40_000


def with_tag(encoding: Encoding, name: str, value: str) -> Encoding:
    """The same, and the file has a text of ours in its tags."""
    return replace(encoding, options=(*encoding.options, "-metadata", f"{name}={value}"))


def encoding_of(output: RecipeOutput, sample_rate: int, channels: int, aac_kbps: int = AAC_KBPS) -> Encoding:
    """How a prepared file is encoded. `aac_kbps` is for an AAC that says none, as far as its sample rate allows."""
    match output.format:
        case FileFormat.WAV:
            return WAV_24 if output.bit_depth == 24 else WAV
        case FileFormat.FLAC:
            return _flac(output.bit_depth or 16)
    stereo = min(output.kbps or _KBPS.get(output.format, aac_kbps), max_kbps(output.format, sample_rate))
    return _lossy(output.format, stereo * 1000 * channels // _STEREO)


def _flac(bits: int) -> Encoding:
    form = "s16" if bits == 16 else "s32"
    options = ("-c:a", "flac", "-sample_fmt", form, "-bits_per_raw_sample", str(bits), "-f", "flac")
    return Encoding("flac", ContentType.FLAC, options, sample_bytes=bits // 8)


def _lossy(form: FileFormat, rate: int) -> Encoding:
    """Of so many bits a second."""
    bits = ("-b:a", str(rate))
    match form:
        case FileFormat.MP3:
            encoder = ("-c:a", "libmp3lame", *bits, "-f", "mp3")
            return Encoding(form.extension, ContentType.MP3, encoder, rate, clipped=True)
        case FileFormat.OPUS:
            # Constrained: the bit rate may vary as far as an upper bound of the file's size holds.
            options = ("-c:a", "libopus", *bits, "-vbr", "constrained", "-f", "ogg")
            return Encoding(form.extension, ContentType.OGG, options, rate, sample_rate=OPUS_RATE, clipped=True)
        case _:
            # The quicker of the encoder's two searches has less noise above the masking threshold, too.
            coded = ("-c:a", "aac", "-aac_coder", "fast", *bits, "-movflags", "+faststart", "-f", "ipod")
            return Encoding(form.extension, ContentType.M4A, coded, rate)
