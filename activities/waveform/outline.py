"""The outline of a recording, drawn while it is decoded: peaks and waveform."""

import asyncio

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.ffmpeg.decode import PcmForm, Samples, Take
from audioprep.activities.storage.store import Storage
from audioprep.activities.waveform.peaks import PeakMeter, draw_waveform, to_json
from audioprep.activities.waveform.peaks_dat import DatMeter
from audioprep.activities.waveform.silent_ends import silent_ends
from audioprep.jobs import keys
from audioprep.jobs.keys import ContentType
from audioprep.jobs.types.silence import SilentEnds


class Outline:
    """Listens to the decode of an original: its peaks, its progress and its limit of time."""

    def __init__(
        self,
        limits: MediaLimits,
        step: AttemptContext,
        expected: float | None,
        share: float,
        *,
        split: bool,
    ) -> None:
        self._limits = limits
        self._step = step
        self._expected = expected
        self._share = share  # of the stage's progress
        self._split = split
        self._meter = PeakMeter(1)
        self._dat = DatMeter(1, 1)

    def listen(self, form: PcmForm) -> Take:
        """A decode begins: what was heard before counts no more."""
        self._meter = PeakMeter(form.sample_rate, form.channels)
        self._dat = DatMeter(form.sample_rate, form.channels, split=self._split)
        return self._take

    def _take(self, samples: Samples) -> None:
        self._meter.add(samples)
        self._dat.add(samples)
        self._limits.check_duration(self._meter.seconds)
        if self._expected:
            self._step.report_progress(min(self._meter.seconds / self._expected, 1.0) * self._share)
        else:
            self._step.keep_alive()

    async def store(self, storage: Storage, asset_id: str) -> SilentEnds | None:
        """Write `peaks.json`, `peaks.dat` and `waveform.png` of all that was heard. Where it is silent at its ends."""
        pairs = self._meter.pairs()
        peaks = await asyncio.to_thread(to_json, pairs)
        picture = await asyncio.to_thread(draw_waveform, pairs)
        await storage.write(keys.peaks(asset_id), peaks, ContentType.JSON)
        dat = await asyncio.to_thread(self._dat.to_bytes)
        await storage.write(keys.peaks_dat(asset_id), dat, ContentType.BINARY)
        await storage.write(keys.waveform(asset_id), picture, ContentType.PNG)
        return silent_ends(pairs, self._meter.seconds)
