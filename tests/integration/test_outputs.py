"""Several files of one save, each held against the master and against ffmpeg's own meters."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.storage.prepared import store_together
from audioprep.activities.storage.store import Storage
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError
from tests.support.activities import Studio, clip_of, recipe_of
from tests.support.listening import Samples, loudness_of, samples_of, stream_of, tone, write_float_wav, write_wav
from tests.support.programmes import RATE, bursts, noise

ALL = [
    [{"format": "wav", "bitDepth": 24}, {"format": "flac"}, {"format": "mp3"}, {"format": "aac", "kbps": 256}],
    [{"format": "opus", "kbps": 160}, {"format": "flac", "bitDepth": 24}, {"format": "mp3", "kbps": 64}],
]
CODECS = {"wav": "pcm_s24le", "flac": "flac", "mp3": "mp3", "aac": "aac", "opus": "opus"}


def _music(seconds: float) -> Samples:
    """Chords that swell, in stereo: a sound that no codec changes much."""
    steps = np.arange(round(seconds * RATE)) / RATE
    left, right = (sum(np.sin(2 * np.pi * hertz * steps) for hertz in chord) for chord in ((220, 277, 330), (196, 440)))
    swell = 0.02 + 0.05 * np.sin(2 * np.pi * steps / 3) ** 2
    return np.asarray(np.stack([left * swell, right * swell], axis=1))


def _apart(file: Path, reference: Samples, rate: int) -> float:
    """How far a decoded file is from the reference, in dB of the reference's own level."""
    heard = samples_of(file)
    assert abs(len(heard) / rate - len(reference) / RATE) < 0.03
    resampled = heard if rate == RATE else _resampled(file)
    frames = min(len(resampled), len(reference))
    error = resampled[:frames] - reference[:frames]
    return float(10 * np.log10(np.mean(error**2) / np.mean(reference**2) + 1e-12))


def _resampled(file: Path) -> Samples:
    command = ["ffmpeg", "-v", "error", "-i", str(file), "-ar", str(RATE), "-f", "f64le", "-"]
    raw = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    return np.frombuffer(raw, dtype="<f8").reshape(-1, 2)


@pytest.mark.parametrize("outputs", ALL, ids=["wav 24, flac, mp3, aac", "opus, flac 24, mp3 64"])
async def test_every_file_sounds_like_the_one_master(
    studio: Studio, tmp_path: Path, outputs: list[dict[str, Any]]
) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", _music(4), RATE))
    recipe = recipe_of(clip_of(source, 0.5, 3.5), loudness="podcast")
    master = samples_of(await studio.save(recipe))

    files = await studio.save_files({**recipe, "outputs": outputs})

    assert list(files) == [output["format"] for output in outputs]
    for form, file in files.items():
        path = studio.storage / file.key
        rate = int(stream_of(path)["sample_rate"])
        assert stream_of(path)["codec_name"] == CODECS[form]
        assert rate == (48_000 if form == "opus" else RATE)
        lossless = form in ("wav", "flac")
        assert _apart(path, master, rate) < (-60 if lossless else -18), form
        heard = loudness_of(path)
        assert heard.integrated == pytest.approx(-16, abs=0.5), form
        assert heard.true_peak <= -1, form
        assert file.integrated == pytest.approx(heard.integrated, abs=0.1), form
        assert file.true_peak == pytest.approx(heard.true_peak, abs=0.1), form
        assert file.size == path.stat().st_size


@pytest.mark.parametrize(
    "sound", [noise, bursts], ids=["noise, which codecs make quieter", "peaks that need the limiter"]
)
async def test_a_codec_that_changes_the_sound_is_corrected_for(studio: Studio, tmp_path: Path, sound: Any) -> None:
    programme = sound(3, 0.3) if sound is noise else sound(3)
    source = studio.add(write_wav(tmp_path / "source.wav", programme, RATE))
    outputs = [{"format": "wav"}, {"format": "mp3", "kbps": 96}, {"format": "opus", "kbps": 64}]

    files = await studio.save_files(recipe_of(clip_of(source, 0, 3), loudness="streaming", outputs=outputs))

    for form, file in files.items():
        heard = loudness_of(studio.storage / file.key)
        assert heard.true_peak <= -1, form
        if sound is noise:
            assert heard.integrated == pytest.approx(-14, abs=0.5), form


@pytest.mark.parametrize("fields", [{}, {"normalize": True}], ids=["as it is", "normalised"])
async def test_a_wav_has_the_bytes_of_one_made_alone(studio: Studio, tmp_path: Path, fields: dict[str, Any]) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", bursts(3), RATE))
    recipe = recipe_of(clip_of(source, 0.25, 2.75, fadeIn=0.1), **fields)
    alone = (await studio.save(recipe)).read_bytes()

    for outputs in ([{"format": "mp3"}, {"format": "wav"}], [{"format": "wav"}]):
        files = await studio.save_files({**recipe, "outputs": outputs})
        assert (studio.storage / files["wav"].key).read_bytes() == alone


async def test_a_save_removes_files_that_it_does_not_make(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(2, RATE), RATE))
    recipe = recipe_of(clip_of(source, 0, 1), outputSampleRate=48_000)
    folder = studio.asset(recipe["assetId"])

    await studio.save_files({**recipe, "outputs": [{"format": "mp3"}, {"format": "opus"}]})
    first = {path.name for path in folder.iterdir()}
    await asyncio.sleep(0.02)  # a file system's clock may be that coarse
    await studio.save_files({**recipe, "outputs": [{"format": "opus"}, {"format": "flac"}]})
    second = {path.name for path in folder.iterdir()}
    await asyncio.sleep(0.02)
    await studio.save(recipe)

    assert first == {"prepared.mp3", "prepared.opus", "edits.json"}
    assert second == {"prepared.opus", "prepared.flac", "edits.json"}
    assert {path.name for path in folder.iterdir()} == {"prepared.wav", "edits.json"}


async def test_a_report_has_each_file(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", noise(4, 0.05), RATE))
    outputs = [{"format": "flac"}, {"format": "mp3"}]
    recipe = recipe_of(clip_of(source, 0, 4), loudness="ebu", report=True, outputs=outputs)
    files = await studio.save_files(recipe)

    report = await studio.report(recipe, *(studio.storage / file.key for file in files.values()))

    assert [file.key for file in report.files] == [file.key for file in files.values()]
    assert all(file.integrated == pytest.approx(-23, abs=0.5) for file in report.files)


async def test_progress_of_several_files_never_falls(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", noise(6, 0.05), RATE))
    studio.heartbeats.clear()

    await studio.save_files(recipe_of(clip_of(source, 0, 6), loudness="ebu", outputs=ALL[0]))

    rendering = [said.progress for said in studio.heartbeats if said.stage == "rendering"]
    assert rendering == sorted(rendering)
    assert any(40 < progress < 90 for progress in rendering)
    assert {said.stage for said in studio.heartbeats} >= {"normalizing", "rendering", "uploading", "finalizing"}


@pytest.mark.parametrize("seconds", [0.1, 0.3])
async def test_a_very_short_sound_is_measured_in_every_format(studio: Studio, tmp_path: Path, seconds: float) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(2, 8000), 8000))
    outputs = [{"format": form} for form in ("flac", "mp3", "aac", "opus")]

    files = await studio.save_files(
        recipe_of(clip_of(source, 0, seconds), outputSampleRate=8000, loudness="podcast", outputs=outputs)
    )

    assert files["flac"].integrated == pytest.approx(-16, abs=0.5)
    assert {form: file.integrated for form, file in files.items()} == pytest.approx(dict.fromkeys(files, -16), abs=1)


async def test_silence_stays_silence_in_every_format(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", np.zeros((RATE, 2)), RATE))

    files = await studio.save_files(recipe_of(clip_of(source, 0, 1), loudness="podcast", outputs=ALL[0]))

    assert {file.integrated for file in files.values()} == {None}
    assert not samples_of(studio.storage / files["flac"].key).any()


@pytest.mark.parametrize("value", [np.inf, np.nan, 1e20, 3], ids=str)
async def test_samples_beyond_full_scale_are_cut_off(studio: Studio, tmp_path: Path, value: float) -> None:
    """A float WAV may hold such samples; LAME would abort over the first three."""
    sound = noise(1, 0.1)
    sound[RATE // 2 : RATE // 2 + 50] = value
    source = studio.add(write_float_wav(tmp_path / "source.wav", sound, RATE))
    outputs = [{"format": form} for form in ("wav", "aac", "mp3", "opus")]

    files = await studio.save_files(recipe_of(clip_of(source, 0, 1), outputs=outputs))
    alone = await studio.save_files(recipe_of(clip_of(source, 0, 1), outputs=[{"format": "mp3"}]))

    assert files["mp3"].integrated == pytest.approx(files["wav"].integrated, abs=1)
    assert alone["mp3"].integrated == pytest.approx(files["wav"].integrated, abs=1)
    assert files["aac"].integrated == pytest.approx(files["wav"].integrated, abs=1)


async def test_the_files_together_are_limited(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(2, RATE), RATE))
    studio.limits = MediaLimits(max_output_bytes=300_000)
    outputs = [{"format": "wav", "bitDepth": 24}, {"format": "flac", "bitDepth": 24}]
    recipe = recipe_of(clip_of(source, 0, 1.5), outputs=outputs)

    with pytest.raises(PermanentError, match="over the limit"):
        await studio.save_files(recipe)

    assert not list(studio.asset(recipe["assetId"]).glob("*"))


async def test_two_saves_that_mix_their_files_are_noticed(studio: Studio, tmp_path: Path) -> None:
    """Another save stores its file between the two of this one."""
    storage = Storage.open(f"file:{studio.storage}")
    paths = [tmp_path / name for name in ("a", "b", "c")]
    for path in paths:
        path.write_bytes(path.name.encode())
    keys = ["assets/x/prepared.wav", "assets/x/prepared.mp3"]

    class _Between(Storage):
        async def move(self, path: Path, key: str, content_type: str | None = None) -> None:
            await storage.move(path, key, content_type)
            if path.name == "b":
                await storage.write(keys[0], b"of another save", "audio/wav")

    mixed = object.__new__(_Between)
    mixed.__dict__.update(storage.__dict__)

    with pytest.raises(TransientError, match="at the same time") as error:
        await store_together(mixed, [(paths[0], keys[0], "audio/wav"), (paths[1], keys[1], "audio/mpeg")], print)

    assert error.value.kind is ErrorKind.STORAGE
