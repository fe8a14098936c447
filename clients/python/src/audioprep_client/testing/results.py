"""Results of fake jobs: tiny real files under their real keys, and the row's result."""

import base64
import io
import json
import math
import struct
import uuid
import wave
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from audioprep_client import keys
from audioprep_client.digest import recipe_hash
from audioprep_client.generated import MEASURE
from audioprep_client.recipe import RecipeError, check_recipe
from audioprep_client.testing.script import Failure

_SECONDS: Final = 2.0
_RATE: Final = 44100
_CODECS: Final = {"m4a": "aac", "ogg": "vorbis", "wav": "pcm_s16le"}
_TYPES: Final = {"mp3": "audio/mpeg"}
_REMOTE: Final = ("youtube", "url")
_SILENT_FRAME: Final = bytes.fromhex("fffb90c4") + bytes(413)  # MPEG-1 layer III, 128 kbit/s, 44.1 kHz, mono
_PIXEL: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# A tenth of a second of silence as AAC in MP4.
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

# The same as FLAC and as Opus in Ogg.
_FLAC: Final = "ZkxhQ4AAACISABIAAAANAAANCsRA8AAAETrqd1mm6BHm3yxYfVK3laE2//h5CAAROYwAAADEDQ=="
_OPUS: Final = """
T2dnUwACAAAAAAAAAAAAAAAAAAAAAAIotXIBE09wdXNIZWFkAQE4AYC7AAAAAABPZ2dTAAAAAAAAAAAAAAAAAAABAAAASZW+VAEuT3B1c1RhZ3MGAAAAZm
ZtcGVnAQAAABQAAABlbmNvZGVyPUxhdmMgbGlib3B1c09nZ1MABPgTAAAAAAAAAAAAAAIAAADmyWdrBg8REhISEngL5ME27MWNjElGmaQmsHgHyXIn4UTq
VfHwwNXd6VJgeAfJecjJV8CiEiP672fzZMDgeAfJecjJV8CiEiP672fzZMDgeAfJecjJV8CiEiP672fzZMDgeAfJecjJV8CiEiP672fzZMDg
"""


def refuse(job_type: str, metadata: dict[str, Any]) -> None:
    """Raises the Failure that a bridge would write before any step runs."""

    def fault(what: str) -> Failure:
        return Failure(f"The metadata of this {job_type} job is invalid: {what}.", "InvalidPayload", 0)

    match job_type:
        case "ingest":
            source = metadata.get("sourceType")
            wanted = "url" if source in _REMOTE else "storageKey"
            if not source:
                raise fault("sourceType: field required")
            if not metadata.get(wanted):
                raise fault(f"sourceType {source} needs {wanted}")
        case "playlist" | "delete":
            wanted = "url" if job_type == "playlist" else "assetIds"
            if not metadata.get(wanted):
                raise fault(f"{wanted}: field required")
        case _:
            try:
                check_recipe(metadata["recipe"])
            except RecipeError as error:
                raise fault(str(error)) from None
            except KeyError:
                raise fault("recipe: field required") from None


class FakeResults:
    """Makes what a job leaves in a folder, as `AUDIOPREP_STORAGE_URL=file:PATH` has it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, job_type: str, metadata: dict[str, Any], asset_id: str) -> dict[str, Any]:
        """The files and the result; raises a Failure where a real worker finds the same fault."""
        if job_type == "ingest":
            return self._ingest(metadata, asset_id)
        if job_type == "playlist":
            return self._playlist(metadata)
        if job_type == "delete":
            return self._delete(metadata["assetIds"])
        recipe = metadata["recipe"]
        for index, clip in enumerate(recipe["clips"]):
            self._check(clip, index)
        joins = sum(clip.get("gap", 0) - clip.get("crossfade", 0) for clip in recipe["clips"])
        seconds = sum(clip["endTime"] - clip["startTime"] for clip in recipe["clips"]) + joins
        if job_type == "save" and recipe.get("loudness") == MEASURE:
            return {"assetId": recipe["assetId"], "loudness": self._silent_report(recipe["assetId"])}
        if job_type == "save":
            return self._save(recipe, seconds)
        key = keys.preview(recipe["assetId"], metadata.get("recipeHash") or recipe_hash(recipe))
        self._write(key, _mp3(seconds))
        return {"previewKey": key}

    def _save(self, recipe: dict[str, Any], seconds: float) -> dict[str, Any]:
        asset, outputs = recipe["assetId"], recipe.get("outputs")
        saved = []
        for output in outputs or [{"format": recipe.get("outputFormat", "wav")}]:
            key = keys.prepared(asset, output["format"])
            content = _prepared(output, seconds)
            self._write(key, content)
            silence = {"integrated": None, "truePeak": None}
            saved.append({"key": key, "format": output["format"], "bytes": len(content), **silence})
        stored = [file["key"] for file in saved]
        for path in (self._folder / f"assets/{asset}").glob("prepared.*"):
            if f"assets/{asset}/{path.name}" not in stored:
                path.unlink()
        self._write(keys.edits(asset), json.dumps(recipe, indent=2).encode())
        result: dict[str, Any] = {"assetId": asset, "preparedKey": stored[0]}
        if outputs:
            result["outputs"] = saved
        if recipe.get("report"):
            result["loudness"] = self._silent_report(asset, *stored)
        return result

    def _silent_report(self, asset_id: str, *stored: str) -> dict[str, Any]:
        """What a worker says of silence, which these files are."""
        plot = keys.loudness_plot(asset_id)
        self._write(plot, _PIXEL)
        silence = dict.fromkeys(("integrated", "range", "shortTermMax", "truePeak"))
        return {"source": silence, "files": [{**silence, "key": key} for key in stored], "plotKey": plot}

    def discard(self, asset_id: str) -> None:
        """Remove what a cancelled ingest has left."""
        for path in (self._folder / f"assets/{asset_id}").glob("*"):
            path.unlink(missing_ok=True)

    def _ingest(self, metadata: dict[str, Any], asset_id: str) -> dict[str, Any]:
        source, key = metadata["sourceType"], metadata.get("storageKey", "")
        path = self._folder / key
        if source not in _REMOTE and not path.is_file():
            raise Failure(f"There is no object {key!r} in storage.", "SourceMissing")
        content = _wav(_SECONDS) if source in _REMOTE else path.read_bytes()
        form = "wav" if source in _REMOTE else path.suffix.removeprefix(".").lower() or "wav"
        name = metadata.get("originalFilename") or (key or metadata.get("url", "")).rsplit("/", 1)[-1]
        audio = {**_form_of(content), "codec": _CODECS.get(form, form), "format": form}
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._write(keys.original(asset_id, form), content)
        self._write(keys.peaks(asset_id), json.dumps(_peaks(audio["duration"])).encode())
        self._write(keys.peaks_dat(asset_id), _peaks_dat(audio["duration"]))
        self._write(keys.waveform(asset_id), _PIXEL)
        described = {"assetId": asset_id, "createdAt": at, "updatedAt": at, "audio": audio, "originalFilename": name}
        described["provenance"] = {"sourceType": source, "originalFilename": name}
        self._write(keys.metadata(asset_id), json.dumps(described, indent=2).encode())
        return {
            "assetId": asset_id,
            "metadata": {**audio, "originalFilename": name},
            "originalKey": keys.original(asset_id, form),
            "peaksKey": keys.peaks(asset_id),
            "peaksDatKey": keys.peaks_dat(asset_id),
            **({"playableKey": keys.original(asset_id, form)} if metadata.get("playable") else {}),
            "waveformKey": keys.waveform(asset_id),
            "contentType": _TYPES.get(form, f"audio/{form}"),
            "bytes": len(content),
            "bitrate": round(len(content) * 8 / audio["duration"]),
        }

    def _playlist(self, metadata: dict[str, Any]) -> dict[str, Any]:
        entries = []
        for number in range(1, min(2, metadata.get("maxEntries", 50)) + 1):
            url = f"{metadata['url']}#{number}"
            made = self._ingest({"sourceType": "url", "url": url}, str(uuid.uuid4()))
            entries.append({"url": url, "title": f"Entry {number}", "status": "complete", "error": None, **made})
        return {"entries": entries}

    def _delete(self, assets: list[str]) -> dict[str, Any]:
        found = [path for asset in assets for path in (self._folder / "assets" / asset).glob("*")]
        size = sum(path.stat().st_size for path in found)
        for path in found:
            path.unlink()
        return {"objects": len(found), "bytes": size}

    def _check(self, clip: dict[str, Any], index: int) -> None:
        name = f"clip {index + 1} ({clip['id'][:40]!r})" if clip.get("id") else f"clip {index + 1}"
        asset = clip["sourceAssetId"]
        described = self._folder / keys.metadata(asset)
        if not described.is_file():
            raise Failure(f"{name}: its source {asset} is not in storage; ingest it first.", "SourceMissing")
        seconds = json.loads(described.read_text())["audio"]["duration"]
        if clip["endTime"] > seconds + 0.25:
            end = f"endTime {clip['endTime']:g} s is after the end of its source, which is {seconds:.3f} s long"
            raise Failure(f"{name}: {end}.", "InvalidPayload")

    def _write(self, key: str, content: bytes) -> None:
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _prepared(output: dict[str, Any], seconds: float) -> bytes:
    """A file of a save."""
    match output["format"]:
        case "wav":
            return _wav(seconds, (output.get("bitDepth") or 16) // 8)
        case "mp3":
            return _mp3(seconds)
        case form:
            return base64.b64decode({"aac": _M4A, "flac": _FLAC, "opus": _OPUS}[form])


def _mp3(seconds: float) -> bytes:
    return _SILENT_FRAME * max(math.ceil(seconds * _RATE / 1152), 1)


def _wav(seconds: float, width: int = 2) -> bytes:
    """A tone that swells and fades, of `width` bytes a sample, mono."""
    count, level = round(seconds * _RATE), 16_000 << 8 * (width - 2)
    values = (
        round(math.sin(2 * math.pi * 440 * n / _RATE) * math.sin(math.pi * n / count) * level) for n in range(count)
    )
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, width, _RATE, count, "NONE", "not compressed"))
        file.writeframes(b"".join(value.to_bytes(width, "little", signed=True) for value in values))
    return out.getvalue()


def _form_of(content: bytes) -> dict[str, Any]:
    """Of a WAV file what it is; of any other something that could be."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            rate = file.getframerate()
            return {"duration": file.getnframes() / rate, "sampleRate": rate, "channels": file.getnchannels()}
    except (wave.Error, EOFError):
        return {"duration": _SECONDS, "sampleRate": _RATE, "channels": 1}


def _peaks_dat(seconds: float) -> bytes:
    """audiowaveform's binary form, version 2, 8 bit."""
    count = max(math.ceil(seconds * _RATE / 256), 1)
    highs = [int(math.sin(math.pi * (n + 0.5) / count) * 16_000) // 256 for n in range(count)]
    return struct.pack("<6i", 2, 1, _RATE, 256, count, 1) + b"".join(struct.pack("bb", -high, high) for high in highs)


def _peaks(seconds: float) -> list[float]:
    count = max(math.ceil(seconds * 50), 1)
    highs = [round(math.sin(math.pi * (n + 0.5) / count) / 2, 4) for n in range(count)]
    return [value for high in highs for value in (-high, high)]
