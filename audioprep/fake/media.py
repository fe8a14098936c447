"""Tiny real files without ffmpeg: they play, and are of the format that their key says. Pure."""

import base64
import io
import math
import wave
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audioprep.activities.waveform.peaks_dat import DatMeter
from audioprep.jobs.types.outputs import FileFormat, RecipeOutput

RATE: Final = 44100
SECONDS: Final = 2.0
_PAIRS_PER_SECOND: Final = 50
_SILENT_FRAME: Final = bytes.fromhex("fffb90c4") + bytes(413)  # MPEG-1 layer III, 128 kbit/s, 44.1 kHz, mono: 417 bytes
_SAMPLES_PER_FRAME: Final = 1152
# 0.1 s of silence as AAC in MP4, made with `ffmpeg -f lavfi -i anullsrc=r=44100:cl=mono -t 0.1 -c:a aac -b:a 32k`.
_M4A: Final = """
AAAAHGZ0eXBNNEEgAAACAE00QSBpc29taXNvMgAAAu5tb292AAAAbG12aGQAAAAAAAAAAAAAAAAAAAPoAAAAZAABAAABAAAAAAAAAAAAAAAAAQAAAAAA
AAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAACPXRyYWsAAABcdGtoZAAAAAMAAAAAAAAAAAAA
AAEAAAAAAAAAZAAAAAAAAAAAAAAAAQEAAAAAAQAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAACRlZHRzAAAAHGVsc3QA
AAAAAAAAAQAAAGQAAAQAAAEAAAAAAbVtZGlhAAAAIG1kaGQAAAAAAAAAAAAAAAAAAKxEAAAVOlXEAAAAAAAtaGRscgAAAAAAAAAAc291bgAAAAAAAAAA
AAAAAFNvdW5kSGFuZGxlcgAAAAFgbWluZgAAABBzbWhkAAAAAAAAAAAAAAAkZGluZgAAABxkcmVmAAAAAAAAAAEAAAAMdXJsIAAAAAEAAAEkc3RibAAA
AGpzdHNkAAAAAAAAAAEAAABabXA0YQAAAAAAAAABAAAAAAAAAAAAAgAQAAAAAKxEAAAAAAA2ZXNkcwAAAAADgICAJQABAASAgIAXQBUAAAAAAH0AAAAK
ZQWAgIAFEghW5QAGgICAAQIAAAAgc3R0cwAAAAAAAAACAAAABQAABAAAAAABAAABOgAAABxzdHNjAAAAAAAAAAEAAAABAAAABgAAAAEAAAAsc3RzegAA
AAAAAAAAAAAABgAAABUAAAAEAAAABAAAAAQAAAAEAAAABAAAABRzdGNvAAAAAAAAAAEAAAMaAAAAGnNncGQBAAAAcm9sbAAAAAIAAAAB//8AAAAcc2Jn
cAAAAAByb2xsAAAAAQAAAAYAAAABAAAAPXVkdGEAAAA1bWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAbWRpcmFwcGwAAAAAAAAAAAAAAAAIaWxzdAAAAAhm
cmVlAAAAMW1kYXTeAgBMYXZjNTkuMzcuMTAwAAIwQA4BGCAHARggBwEYIAcBGCAHARggBw==
"""

# The same as FLAC, its one frame behind STREAMINFO alone, and as Opus in Ogg.
_FLAC: Final = """
ZkxhQ4AAACISABIAAAANAAANCsRA8AAAETrqd1mm6BHm3yxYfVK3laE2//h5CAAROYwAAADEDQ==
"""
_OPUS: Final = """
T2dnUwACAAAAAAAAAAAAAAAAAAAAAAIotXIBE09wdXNIZWFkAQE4AYC7AAAAAABPZ2dTAAAAAAAAAAAAAAAAAAABAAAASZW+VAEuT3B1c1RhZ3MGAAAA
ZmZtcGVnAQAAABQAAABlbmNvZGVyPUxhdmMgbGlib3B1c09nZ1MABPgTAAAAAAAAAAAAAAIAAADmyWdrBg8REhISEngL5ME27MWNjElGmaQmsHgHyXIn
4UTqVfHwwNXd6VJgeAfJecjJV8CiEiP672fzZMDgeAfJecjJV8CiEiP672fzZMDgeAfJecjJV8CiEiP672fzZMDgeAfJecjJV8CiEiP672fzZMDg
"""


def wav(seconds: float = SECONDS, frequency: float = 440.0, bits: int = 16) -> bytes:
    """A tone that swells and fades, 16 or 24 bit, mono."""
    times = np.arange(round(seconds * RATE)) / RATE
    swell = np.sin(np.pi * times / max(seconds, 1e-9))
    samples = (np.sin(2 * np.pi * frequency * times) * swell * 0.5 * (2 ** (bits - 1) - 1)).astype("<i4")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, bits // 8, RATE, len(samples), "NONE", "not compressed"))
        file.writeframes(samples.view(np.uint8).reshape(-1, 4)[:, : bits // 8].tobytes())
    return out.getvalue()


def mp3(seconds: float = SECONDS) -> bytes:
    """Silence."""
    return _SILENT_FRAME * max(math.ceil(seconds * RATE / _SAMPLES_PER_FRAME), 1)


def m4a() -> bytes:
    """A tenth of a second of silence."""
    return base64.b64decode(_M4A)


def flac() -> bytes:
    """A tenth of a second of silence."""
    return base64.b64decode(_FLAC)


def opus() -> bytes:
    """A tenth of a second of silence."""
    return base64.b64decode(_OPUS)


def prepared(output: RecipeOutput, seconds: float) -> bytes:
    """A file of a save."""
    match output.format:
        case FileFormat.WAV:
            return wav(seconds, bits=output.bit_depth or 16)
        case FileFormat.FLAC:
            return flac()
        case FileFormat.MP3:
            return mp3(seconds)
        case FileFormat.AAC:
            return m4a()
        case FileFormat.OPUS:
            return opus()


def outline(seconds: float) -> NDArray[np.float32]:
    """Pairs of minimum and maximum of the tone that `wav` makes, shape (n, 2)."""
    count = max(math.ceil(seconds * _PAIRS_PER_SECOND), 1)
    swell = np.sin(np.pi * (np.arange(count) + 0.5) / count) * 0.5
    return np.stack([-swell, swell], axis=1).astype(np.float32)


def peaks_dat(seconds: float) -> bytes:
    """`peaks.dat` of a tone of this length."""
    meter = DatMeter(RATE, 1)
    with wave.open(io.BytesIO(wav(seconds))) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    meter.add(samples.astype(np.int16)[:, None])
    return meter.to_bytes()


def seconds_of(content: bytes) -> float | None:
    """How long a WAV file is; None for any other."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            return int(file.getnframes()) / int(file.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        return None
