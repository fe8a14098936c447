"""Command lines of ffmpeg and ffprobe: an allow-list of demuxers and protocols, local files only."""

from pathlib import Path
from typing import Final

from audioprep.activities.process.limits import MB, ChildLimits

# Thirty minutes of sound take some 15 s of CPU to decode and measure, and 60 MB. An ffmpeg that writes a file says so.
LIMITS: Final = ChildLimits(cpu_seconds=600, memory=1024 * MB)
PROBE_LIMITS: Final = ChildLimits(cpu_seconds=30, memory=512 * MB)
KILLED: Final = 255  # its exit code after a signal it caught

# Demuxers of plain media containers. Playlists and scripts (hls, concat, dash, sdp, image2 ...) are left out on
# purpose: they make ffmpeg open other files. Names as in `ffmpeg -demuxers`.
FORMATS: Final = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,eac3,flac,flv,gsm,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpc,mpc8,"
    "mpeg,mpegts,ogg,tak,tta,voc,w64,wav,wv,xwma"
)


# For files whose sound begins late: the whole file is searched for it. https://ffmpeg.org/ffmpeg-formats.html
_PATIENT: Final = ("-probesize", "2000000000", "-analyzeduration", "2000000000")


def input_options(source: Path, *, patient: bool = False) -> list[str | Path]:
    """`-i source`, fenced in: the file itself and nothing it may refer to. `patient` searches all of it for streams.

    `file:` keeps a name with a colon from being read as a protocol: https://ffmpeg.org/ffmpeg-protocols.html#file
    """
    fence = ("-protocol_whitelist", "file,pipe", "-format_whitelist", FORMATS)
    return [*fence, *(_PATIENT if patient else ()), "-i", f"file:{source}"]


def ffmpeg(*arguments: str | Path) -> list[str | Path]:
    """A whole ffmpeg command line."""
    return ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", *arguments]


def ffprobe(source: Path, *show: str, patient: bool = False) -> list[str | Path]:
    """A whole ffprobe command line that prints JSON."""
    output = ("-hide_banner", "-loglevel", "level+warning", "-of", "json")
    return ["ffprobe", *output, *show, *input_options(source, patient=patient)]
