"""Reasons of failure in ffmpeg's own words: the line that explains, not the last one. Pure."""

import re
from pathlib import Path
from typing import Final

_SPEAKER: Final = re.compile(r"\[[^\[\]]* @ 0x[0-9a-f]+\] ?")
_LEVEL: Final = re.compile(r"\[(?:error|fatal|panic|warning|info|verbose)\] ?")
_LEVELS: Final = ("[panic]", "[fatal]", "[error]", "[warning]")
_LONGEST: Final = 120  # characters
NO_REASON: Final = "no message"
# Sentences that follow another one, which explains, or say nothing of the cause. By their beginnings.
_GENERIC: Final = (
    "Application provided invalid, non monotonically",
    "Consider increasing the value",
    "Conversion failed",
    "Could not find codec parameters",
    "Could not open codec for input stream",
    "Could not write header for output file",
    "Error initializing output stream",
    "Error opening input",
    "Error opening output",
    "Error reinitializing filters",
    "Error submitting packet to decoder",
    "Error submitting a packet to the muxer",
    "Error while decoding stream",
    "Error while filtering",
    "Error while processing the decoded data",
    "Error while opening",
    "Error writing trailer",
    "Failed to inject frame into filter network",
    "Failed to configure output pad",
    "Failed to open codec in avformat_find_stream_info",
    "Invalid data found when processing input",
    "Last message repeated",
    "Nothing was written into output file",
    "Task finished with error code",
    "Terminating thread with return code",
    "av_interleaved_write_frame()",
    "it: ",
    "Output file is empty",
    "Output file #0 does not contain any stream",
)


def reason_of(said: str, source: Path) -> str:
    """Why a file could not be read: the first error that explains, else the first warning, else the last line.

    Without our path and the addresses of ffmpeg's parts, and no longer than a sentence.
    """
    lines = [line for line in said.splitlines() if line.strip()]
    ranks = [[line for line in lines if level in line] for level in _LEVELS] if any(map(_LEVEL.search, lines)) else []
    texts = (_plain(line, source) for rank in [*ranks, lines] for line in rank)
    telling = next((text for text in texts if not text.startswith(_GENERIC)), None)
    last = _plain(lines[-1], source) if lines else NO_REASON
    return (telling or last).split(". ")[0][:_LONGEST].rstrip(" .:-")


def _plain(line: str, source: Path) -> str:
    text = _LEVEL.sub("", _SPEAKER.sub("", line)).strip()
    return text.replace(f"file:{source}: ", "").replace(f"file:{source}", "it").replace(str(source), "it")
