"""The files that cases start from, all made here: by ffmpeg from tones of its own, or byte by byte."""

from pathlib import Path

from tests.support.audio import make_audio

_TEN_HOURS = 36_000  # seconds


def make_corpus(folder: Path) -> Path:
    """What several cases share, and what takes long to make."""
    make_audio(folder / "tone.wav", 2)
    make_audio(folder / "tone.mp3", 2)
    make_audio(folder / "tone.flac", 2)
    make_audio(folder / "tone.ogg", 2, "-c:a", "libvorbis")
    make_audio(folder / "tone.m4a", 2)
    make_audio(folder / "tone.mov", 2, "-c:a", "pcm_s16le")
    picture = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=5:duration=2", "-c:a", "aac", "-map", "0:a", "-map", "1:v")
    make_audio(folder / "film.mp4", 2, *picture, "-c:v", "mpeg4")
    make_audio(folder / "film.mkv", 2, *picture, "-c:v", "mjpeg")
    make_audio(folder / "film.avi", 2, *picture, "-c:v", "mjpeg")
    silence = ("-frame_size", "65535", "-compression_level", "0")
    make_audio(folder / "hours.flac", _TEN_HOURS, *silence, source="anullsrc=r=8000:cl=mono")
    many = [option for _ in range(1000) for option in ("-map", "0:a")]
    make_audio(folder / "streams.mka", 0.05, *many, "-c:a", "pcm_s16le", "-ar", "8000", "-frames:a", "1")
    # Matroska keeps a stream's length in a tag, which anybody may write; the muxer's own goes out of the way.
    film = make_audio(folder / "tag.mka", 1, "-c:a", "flac", "-metadata:s:a:0", f"DURATIO_={'9' * 5000}:00:00")
    film.write_bytes(film.read_bytes().replace(b"DURATION", b"XURATION").replace(b"DURATIO_", b"DURATION"))
    return folder


def make_canary(folder: Path) -> Path:
    """Media that scripts in the corpus point at. Whoever opens one of them has read outside its job's folder."""
    make_audio(folder / "secret.mp3", 1)
    make_audio(folder / "secret.ts", 1, "-c:a", "mp2")
    make_audio(folder / "secret.mp4", 1, "-c:a", "aac")
    make_audio(folder / "secret.wav", 1)
    (folder / "secret.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhush\n")
    (folder / "img001.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder
