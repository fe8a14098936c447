"""Fingerprint of decoded sound: a checksum for each tenth of a second, to prove that two files sound the same."""

import zlib
from typing import Final

from audioprep.activities.ffmpeg.decode import PcmForm, Samples, Take

_BLOCK: Final = 10  # in a second
# Blocks at either end that may differ: decoders start up, and containers say how much of the last frame counts.
_EDGE: Final = 2


class Fingerprint:
    """Listens to a decode, and may be compared with another one."""

    def __init__(self) -> None:
        self.form: PcmForm | None = None
        self.frames = 0
        self._size = 0  # bytes of a block
        self._rest = b""
        self._sums: list[int] = []

    def listen(self, form: PcmForm) -> Take:
        """A decode begins: what was heard before counts no more."""
        self.form, self.frames = form, 0
        self._size = max(form.sample_rate // _BLOCK, 1) * form.channels * 2
        self._rest, self._sums = b"", []
        return self._take

    def _take(self, samples: Samples) -> None:
        self.frames += len(samples)
        data = self._rest + samples.tobytes()
        whole = len(data) - len(data) % self._size
        self._sums += [zlib.crc32(data[at : at + self._size]) for at in range(0, whole, self._size)]
        self._rest = data[whole:]

    def is_of(self, other: "Fingerprint") -> bool:
        """Whether both have the same sound at the same times, but for the blocks at their ends."""
        if self.form is None or self.form != other.form:
            return False
        if abs(self.frames - other.frames) * _BLOCK > self.form.sample_rate:
            return False
        count = min(len(self._sums), len(other._sums)) - _EDGE
        if count <= _EDGE:
            return self.frames == other.frames
        return self._sums[_EDGE:count] == other._sums[_EDGE:count]
