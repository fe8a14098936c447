"""Labels of a save's files: the recipe's tags, and its cover, fetched and looked at.

The picture is untrusted input: its header alone is read here, and ffmpeg copies it as it is.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.ffmpeg.command import input_options
from audioprep.activities.ffmpeg.probe import probe
from audioprep.activities.ffmpeg.run import run_ffmpeg
from audioprep.activities.render.tagging.labels import BLOCK, Labels, Picture, ffmetadata, picture_block
from audioprep.activities.resources import ActivityResources
from audioprep.activities.storage.assets import newest_original
from audioprep.activities.storage.objects import StoredObject
from audioprep.jobs import keys
from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.types.outputs import FileFormat
from audioprep.jobs.types.recipe import Recipe
from audioprep.jobs.types.tags import RecipeCover

MAX_COVER_BYTES: Final = 5 << 20
MAX_COVER_PIXELS: Final = 4096  # of a side
_JPEG: Final = ("jpeg_pipe", "image/jpeg")
# ffmpeg's demuxers by Pillow's name of a format; MPO is a JPEG file with another one behind it, as cameras write it.
_DEMUXERS: Final = {"JPEG": _JPEG, "MPO": _JPEG, "PNG": ("png_pipe", "image/png")}
_FORMATS: Final = ("JPEG", "PNG")
_STREAMS: Final = frozenset({FileFormat.FLAC, FileFormat.MP3, FileFormat.AAC})  # that have a cover as a stream
_ID3: Final = ("-id3v2_version", "3")  # which more players read than version 4
_TEXT_BYTES: Final = 64 << 10  # of all tags, in any encoding


class Labelling:
    """Makes the labels of one save in the step's scratch folder."""

    def __init__(self, resources: ActivityResources, step: AttemptContext) -> None:
        self._resources = resources
        self._step = step

    async def labels_of(self, recipe: Recipe, forms: Sequence[FileFormat]) -> list[Labels | None]:
        """For each file; None where the recipe has neither tags nor a cover.

        Raises PermanentError for a cover that is not there, is no JPEG or PNG, or is too large.
        """
        if recipe.tags is None and recipe.cover is None:
            return [None for _ in forms]
        holds = {*_STREAMS, FileFormat.OPUS} & set(forms)
        cover = await self._cover(recipe.cover) if recipe.cover and holds else None
        texts = recipe.tags.texts if recipe.tags else {}
        return [await asyncio.to_thread(_labels, form, texts, cover, self._step.scratch) for form in forms]

    async def _cover(self, wanted: RecipeCover) -> Picture:
        path = self._step.scratch / "cover"
        if wanted.storage_key is not None:
            key = keys.checked_upload(wanted.storage_key, self._resources.upload_folders)
            found = await self._resources.storage.stat(key)
            if found.size > MAX_COVER_BYTES:
                raise _refused(f"is larger than {MAX_COVER_BYTES >> 20} MB")
            await self._fetch(found, path)
        else:
            await self._extract(str(wanted.asset_id), path)
        return await asyncio.to_thread(_picture_at, path)

    async def _extract(self, asset_id: str, path: Path) -> None:
        """The picture in an asset's original, as it is."""
        original = await newest_original(self._resources.storage, asset_id)
        if original is None:
            sentence = f"The cover's asset {asset_id} is not in storage; ingest it first."
            raise PermanentError(ErrorKind.SOURCE_MISSING, sentence)
        self._resources.limits.check_size(original.size)
        source, scratch = path.with_name("cover-source"), self._step.scratch
        await self._fetch(original, source)
        probed = await probe(source, scratch)
        if probed.cover_index is None:
            raise PermanentError(ErrorKind.SOURCE_MISSING, f"The asset {asset_id} has no cover.")
        copied = ["-map", f"0:{probed.cover_index}", "-c", "copy", "-frames:v", "1", "-f", "image2pipe"]
        arguments: list[str | Path] = ["-y", *input_options(source), *copied, f"file:{path}"]
        await run_ffmpeg(arguments, lambda _: self._step.keep_alive(), None, scratch, MAX_COVER_BYTES)

    async def _fetch(self, found: StoredObject, path: Path) -> None:
        await self._resources.cache.fetch(found, path, lambda _: self._step.keep_alive())


def _picture_at(path: Path) -> Picture:
    """What the file's header says. Raises PermanentError for what is no JPEG or PNG of a sensible size."""
    try:
        with Image.open(path, formats=_FORMATS) as image:
            form, (width, height) = image.format or "", image.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise _refused("is no JPEG or PNG that can be read") from None
    if max(width, height) > MAX_COVER_PIXELS:
        raise _refused(f"has {width} by {height} pixels, and {MAX_COVER_PIXELS} a side are the most")
    demuxer, mime = _DEMUXERS[form]
    return Picture(path, demuxer, mime, width, height, path.stat().st_size)


def _labels(form: FileFormat, texts: dict[str, str], cover: Picture | None, folder: Path) -> Labels:
    tags = dict(texts)
    if cover and form is FileFormat.OPUS:
        tags[BLOCK] = picture_block(cover, cover.path.read_bytes())
    path = folder / f"tags-{form.value}.txt"
    path.write_text(ffmetadata(tags), encoding="utf-8", errors="replace")
    size = _TEXT_BYTES + (2 * cover.size if cover else 0)
    return Labels(path, cover if form in _STREAMS else None, _ID3 if form is FileFormat.MP3 else (), size)


def _refused(what: str) -> PermanentError:
    return PermanentError(ErrorKind.UNSUPPORTED_MEDIA, f"The cover {what}.")
