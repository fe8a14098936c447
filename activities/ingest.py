"""The steps of an ingest: fetch the source, analyse it, publish the asset."""

import asyncio

from temporalio import activity

from audioprep.activities.decode import Samples, decode_mono
from audioprep.activities.extract import audio_only
from audioprep.activities.peaks import PeakMeter, to_json
from audioprep.activities.probe import Probe, probe
from audioprep.activities.resources import Resources
from audioprep.activities.sources import Sources
from audioprep.activities.step import Step
from audioprep.activities.waveform import draw_waveform
from audioprep.jobs import keys
from audioprep.jobs.ingest import AudioMetadata, IngestPayload, SourceType
from audioprep.jobs.keys import ContentType
from audioprep.jobs.models import WireModel
from audioprep.jobs.status import Stage


class FetchSource(WireModel):
    """Which source to bring into which asset."""

    asset_id: str
    source: IngestPayload


class Original(WireModel):
    """An asset's original file in storage, and the name its owner gave it."""

    asset_id: str
    key: str
    original_filename: str


class PublishAsset(WireModel):
    asset_id: str
    metadata: AudioMetadata


class IngestActivities:
    """Each reads its input from storage and writes its output under keys made from the asset id."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._sources = Sources(resources)

    @activity.defn(name="audioprep.fetch_source")
    async def fetch_source(self, order: FetchSource) -> Original:
        """Make the source the asset's original: its audio alone. The cache keeps it at hand for analysing."""
        async with self._resources.step(Stage.DOWNLOADING) as step:
            if order.source.source_type is SourceType.AUDIO_FILE:
                return await self._adopt(order, step)
            fetched = await self._sources.fetch(order.source, step)
            audio = await audio_only(fetched, step)
            target = keys.original(order.asset_id, audio.extension)
            await self._resources.storage.upload(audio.path, target, on_bytes=lambda _: step.working())
            await self._resources.cache.keep(await self._resources.storage.find(target), audio.path)
            return Original(
                asset_id=order.asset_id, key=target, original_filename=order.source.original_filename or fetched.name
            )

    @activity.defn(name="audioprep.analyze")
    async def analyze(self, original: Original) -> AudioMetadata:
        """Decode the original once: its true duration, `peaks.json` and `waveform.png`."""
        async with self._resources.step(Stage.ANALYZING) as step:
            found = await self._resources.storage.find(original.key)
            path = step.scratch / "original"
            await self._resources.cache.fetch(found, path, lambda _: step.working())
            probed = await probe(path, step.scratch)
            meter = PeakMeter(probed.sample_rate)

            def take(block: Samples) -> None:
                meter.add(block)
                self._report(step, probed, meter)

            await decode_mono(path, probed, step.scratch, take)
            await self._store_outline(original.asset_id, meter)
        return AudioMetadata(
            duration=round(meter.samples / probed.sample_rate, 6),
            sample_rate=probed.sample_rate,
            channels=probed.channels,
            codec=probed.codec,
            format=probed.format,
            original_filename=original.original_filename,
        )

    @activity.defn(name="audioprep.publish_asset")
    async def publish_asset(self, order: PublishAsset) -> None:
        """Write `metadata.json`, the mark that the asset is whole."""
        async with self._resources.step(Stage.FINALIZING):
            content = order.metadata.model_dump_json(indent=2).encode()
            await self._resources.storage.write(keys.metadata(order.asset_id), content, ContentType.JSON)

    async def _adopt(self, order: FetchSource, step: Step) -> Original:
        """An uploaded audio file is copied within storage: its bytes come here only to be analysed."""
        key = keys.checked(order.source.storage_key or "")
        name = order.source.original_filename or key.rsplit("/", 1)[-1]
        target = keys.original(order.asset_id, keys.extension_of(name, keys.extension_of(key)))
        found = await self._resources.storage.find(key)
        self._resources.limits.check_size(found.size)
        path = await self._resources.fetch(found, "source", step)
        await self._resources.cache.keep(await self._resources.storage.copy(key, target), path)
        return Original(asset_id=order.asset_id, key=target, original_filename=name)

    def _report(self, step: Step, probed: Probe, meter: PeakMeter) -> None:
        seconds = meter.samples / probed.sample_rate
        self._resources.limits.check_duration(seconds)
        if probed.duration:
            step.report(seconds / probed.duration)
        else:
            step.working()

    async def _store_outline(self, asset_id: str, meter: PeakMeter) -> None:
        pairs = meter.pairs()
        peaks = await asyncio.to_thread(to_json, pairs)
        picture = await asyncio.to_thread(draw_waveform, pairs)
        await self._resources.storage.write(keys.peaks(asset_id), peaks, ContentType.JSON)
        await self._resources.storage.write(keys.waveform(asset_id), picture, ContentType.PNG)
