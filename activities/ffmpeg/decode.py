"""Decoding of a file to mono samples, block by block, in constant memory."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from audioprep.activities.ffmpeg.command import KILLED, LIMITS, error_excerpt, ffmpeg, input_options
from audioprep.activities.ffmpeg.probe import Probe
from audioprep.activities.process.supervisor import child_process
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError

Samples: TypeAlias = NDArray[np.int16]


async def decode_mono(source: Path, probe: Probe, cwd: Path, take: Callable[[Samples], None]) -> None:
    """Give `take` the first audio stream as 16-bit samples at its own rate; mono is the mean of the channels.

    Raises PermanentError when nothing could be decoded, and whatever `take` raises. Of a file that breaks off, the
    readable part is given.
    """
    share = 1 / probe.channels
    mean = "+".join(f"{share:.9f}*c{channel}" for channel in range(probe.channels))
    command = ffmpeg(
        *input_options(source),
        *("-map", f"0:{probe.stream_index}"),
        *("-af", f"pan=mono|c0={mean}"),
        *("-ar", str(probe.sample_rate), "-f", "s16le", "pipe:1"),
    )
    decoded = 0
    rest = b""
    async with child_process(command, cwd=cwd, limits=LIMITS) as child:
        async for block in child.blocks():
            data = rest + block
            whole = len(data) & ~1
            rest = data[whole:]
            decoded += whole
            take(np.frombuffer(data[:whole], dtype="<i2"))
        code = await child.wait()
    # Else the exit code says nothing: 0 for a file of which nothing could be read, 1 for one that merely breaks off.
    if code < 0 or code == KILLED:
        raise TransientError(ErrorKind.CHILD_FAILED, "ffmpeg was killed while it decoded the file.")
    if not decoded:
        reason = error_excerpt(child.last_stderr_line, source)
        sentence = (
            "The file is empty: it has no sound in it."
            if reason == "no message"
            else f"No audio could be decoded from the file ({reason})."
        )
        raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)
