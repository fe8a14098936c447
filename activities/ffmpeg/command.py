"""Command lines of ffmpeg and ffprobe: an allow-list of demuxers and protocols, local files only."""

import re
from pathlib import Path
from typing import Final

from audioprep.activities.process.limits import MB, ChildLimits

# Thirty minutes of sound take some 15 s of CPU to decode and measure, and 60 MB. An ffmpeg that writes a file says so.
LIMITS: Final = ChildLimits(cpu_seconds=600, memory=1024 * MB)
PROBE_LIMITS: Final = ChildLimits(cpu_seconds=30, memory=512 * MB)
_SPEAKER: Final = re.compile(r"\[[^\[\]]* @ 0x[0-9a-f]+\] ?")
KILLED: Final = 255  # its exit code after a signal it caught

# Demuxers of plain media containers. Playlists and scripts (hls, concat, dash, sdp, image2 ...) are left out on
# purpose: they make ffmpeg open other files. Names as in `ffmpeg -demuxers`.
FORMATS: Final = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,eac3,flac,flv,gsm,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpc,mpc8,"
    "mpeg,mpegts,ogg,tak,tta,voc,w64,wav,wv,xwma"
)


def input_options(source: Path) -> list[str | Path]:
    """`-i source`, fenced in: the file itself and nothing it may refer to.

    `file:` keeps a name with a colon from being read as a protocol: https://ffmpeg.org/ffmpeg-protocols.html#file
    """
    return ["-protocol_whitelist", "file,pipe", "-format_whitelist", FORMATS, "-i", f"file:{source}"]


def ffmpeg(*arguments: str | Path) -> list[str | Path]:
    """A whole ffmpeg command line."""
    return ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", *arguments]


def ffprobe(source: Path, *show: str) -> list[str | Path]:
    """A whole ffprobe command line that prints JSON."""
    return ["ffprobe", "-hide_banner", "-loglevel", "error", "-of", "json", *show, *input_options(source)]


def error_excerpt(last_stderr_line: str, source: Path) -> str:
    """Why a file could not be read, in ffmpeg's words but without our path and the address of the part that says so."""
    return _SPEAKER.sub("", last_stderr_line).replace(f"file:{source}: ", "").replace(str(source), "it")[:120]
