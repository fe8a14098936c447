"""Renders, judged by the samples that come out."""

import json
import uuid
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.jobs.errors import ErrorKind, PermanentError
from tests.support.activities import Studio, clip_of, recipe_of
from tests.support.audio import make_audio
from tests.support.listening import pitch_of, rms_of, samples_of, stream_of, tone, write_float_wav, write_wav
from tests.support.programmes import noise

RATE = 44100
FORMATS = {
    "wav": ("source.wav",),
    "flac": ("source.flac",),
    "mp3": ("source.mp3", "-b:a", "128k"),
    "mp3 vbr without xing": ("source.mp3", "-q:a", "4", "-write_xing", "0"),
    "aac": ("source.m4a", "-c:a", "aac"),
    "alac": ("source.m4a", "-c:a", "alac"),
    "vorbis": ("source.ogg", "-c:a", "libvorbis"),
    "opus": ("source.opus", "-c:a", "libopus", "-ar", "48000"),
    "webm": ("source.webm", "-c:a", "libopus", "-ar", "48000"),
    "mka": ("source.mka", "-c:a", "flac"),
    "adts": ("source.aac", "-c:a", "aac"),
}


@pytest.mark.parametrize("form", FORMATS)
async def test_seeking_is_exact_to_the_sample(studio: Studio, tmp_path: Path, form: str) -> None:
    name, *options = FORMATS[form]
    file = make_audio(tmp_path / name, 9, "-ac", "2", *options, source="anoisesrc=seed=5:colour=pink")
    rate = int(stream_of(file)["sample_rate"])
    source = studio.add(file)

    saved = await studio.save(recipe_of(clip_of(source, 6.3, 8.1), outputSampleRate=rate))

    begin, end = round(6.3 * rate), round(8.1 * rate)
    assert np.abs(samples_of(saved) - samples_of(file)[begin:end]).max() < 2 / 32768


async def test_a_trim_holds_what_was_there_in_the_recipes_order(studio: Studio, tmp_path: Path) -> None:
    scale = [300, 400, 500, 600, 700]
    sound = np.concatenate([tone(1, RATE, hertz) for hertz in scale])
    source = studio.add(write_wav(tmp_path / "source.wav", sound, RATE))

    saved = await studio.save(recipe_of(clip_of(source, 3, 5), clip_of(source, 0, 1), clip_of(source, 2.25, 2.75)))

    heard = samples_of(saved)
    assert len(heard) == round(3.5 * RATE)
    pieces = [heard[:RATE], heard[RATE : 2 * RATE], heard[2 * RATE : 3 * RATE], heard[3 * RATE :]]
    assert [pitch_of(piece, RATE) for piece in pieces] == pytest.approx([600, 700, 300, 500], abs=3)


@pytest.mark.parametrize("rate", [44100, 48000, 22050])
async def test_a_source_split_and_joined_is_unchanged(studio: Studio, tmp_path: Path, rate: int) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(6, RATE, 1234.5), RATE))
    cuts = [0.0, 1.23456, 3.7, 3.9000001, 6.0]

    whole = await studio.save(recipe_of(clip_of(source, 0, 6), outputSampleRate=rate))
    expected = samples_of(whole)
    clips = [clip_of(source, start, end) for start, end in pairwise(cuts)]
    joined = await studio.save(recipe_of(*clips, outputSampleRate=rate))

    assert len(samples_of(joined)) == len(expected) == 6 * rate
    assert np.abs(samples_of(joined) - expected).max() < 3 / 32768


async def test_sources_of_all_rates_and_layouts_are_joined(studio: Studio, tmp_path: Path) -> None:
    mono = studio.add(make_audio(tmp_path / "mono.wav", 2, "-ar", "22050", "-ac", "1", source="sine=300"))
    stereo = studio.add(make_audio(tmp_path / "stereo.flac", 2, "-ar", "48000", "-ac", "2", source="sine=500"))
    surround = studio.add(make_audio(tmp_path / "surround.wav", 2, "-ar", "96000", "-ac", "6", source="sine=700"))

    saved = await studio.save(
        recipe_of(clip_of(mono, 0, 1), clip_of(stereo, 0.5, 1.5), clip_of(surround, 0, 2), outputSampleRate=32000)
    )

    heard = samples_of(saved)
    assert heard.shape == (4 * 32000, 2)
    pieces = [heard[:32000], heard[32000:64000], heard[64000:]]
    assert [pitch_of(piece, 32000) for piece in pieces] == pytest.approx([300, 500, 700], abs=2)
    assert np.array_equal(pieces[0][:, 0], pieces[0][:, 1])
    level = rms_of(samples_of(studio.asset(mono) / "original.wav"))
    assert rms_of(pieces[0]) == pytest.approx(level, rel=0.01), "a mono source keeps its level"


async def test_mono_sources_stay_mono(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(2, 8000), 8000))

    saved = await studio.save(recipe_of(clip_of(source, 0.5, 1.5), outputSampleRate=48000))

    assert samples_of(saved).shape == (48000, 1)


async def test_volume_and_fades_shape_the_sound(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(6, RATE, level=0.4), RATE))

    saved = await studio.save(
        recipe_of(
            clip_of(source, 1, 5, volume=0.5, fadeIn=1, fadeOut=2),
            clip_of(source, 0, 1, volume=2),
            clip_of(source, 0, 1, volume=0),
        )
    )

    heard = samples_of(saved)
    windows = [rms_of(heard[start : start + RATE // 10]) for start in range(0, 4 * RATE, RATE // 10)]
    assert windows[:10] == sorted(windows[:10])
    assert windows[20:] == sorted(windows[20:], reverse=True)
    middle = [(0.05 + number / 10) * 0.2 / np.sqrt(2) for number in range(1, 10)]
    assert windows[1:10] == pytest.approx(middle, rel=0.05)
    assert windows[12:18] == pytest.approx([0.2 / np.sqrt(2)] * 6, rel=0.01)
    assert rms_of(heard[4 * RATE : 5 * RATE]) == pytest.approx(0.8 / np.sqrt(2), rel=0.01)
    assert not heard[5 * RATE :].any()


@pytest.mark.parametrize(
    ("start", "end", "rate"),
    [(0, 0.1, 8000), (0.1, 0.3, 44100), (1 / 3, 2 / 3, 192000), (0.000011, 2.99999, 44100), (1.9999, 2.9999, 48000)],
)
async def test_a_wav_is_long_to_the_sample(studio: Studio, tmp_path: Path, start: float, end: float, rate: int) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(3, RATE), RATE))

    saved = await studio.save(recipe_of(clip_of(source, start, end), outputSampleRate=rate))

    assert len(samples_of(saved)) == round(end * rate) - round(start * rate)
    assert stream_of(saved)["sample_rate"] == str(rate)


async def test_fifty_clips_of_one_source(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(make_audio(tmp_path / "source.mp3", 20, "-ac", "2"))
    clips = [clip_of(source, 19 - number * 0.3, 19.5 - number * 0.3) for number in range(50)]

    saved = await studio.save(recipe_of(*clips))

    assert len(samples_of(saved)) == sum(round(c["endTime"] * RATE) - round(c["startTime"] * RATE) for c in clips)


async def test_an_aac_is_as_long_as_its_recipe(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(5, RATE), RATE))

    saved = await studio.save(recipe_of(clip_of(source, 0.7, 4.3), outputFormat="aac", outputSampleRate=48000))

    assert saved.name == "prepared.m4a"
    assert abs(len(samples_of(saved)) - round(3.6 * 48000)) <= 1024
    assert (stream_of(saved)["codec_name"], stream_of(saved)["sample_rate"]) == ("aac", "48000")


async def test_a_preview_is_an_mp3_of_128_kbit(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(10, RATE), RATE))

    made = await studio.preview(recipe_of(clip_of(source, 1, 9.5), outputSampleRate=192000), "abc")

    assert made.name == "preview_abc.mp3"
    assert stream_of(made)["bit_rate"] == "128000"
    assert abs(len(samples_of(made)) / RATE - 8.5) < 0.03


async def test_a_preview_that_is_there_is_not_rendered_again(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(2, RATE), RATE))
    recipe = recipe_of(clip_of(source, 0, 1))
    made = await studio.preview(recipe)
    before = made.stat()

    again = await studio.preview(recipe)

    assert (again.stat().st_ino, again.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


async def test_the_old_prepared_file_stays_until_the_new_one_is_stored(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(3, RATE), RATE))
    asset = str(uuid.uuid4())
    old = await studio.save(recipe_of(clip_of(source, 0, 1), asset_id=asset))
    content = old.read_bytes()

    with pytest.raises(PermanentError):
        await studio.save(recipe_of(clip_of(source, 0, 9), asset_id=asset))
    kept = old.read_bytes()
    new = await studio.save(recipe_of(clip_of(source, 0, 2), asset_id=asset, outputFormat="aac"))

    assert kept == content
    assert sorted(file.name for file in studio.asset(asset).iterdir()) == ["edits.json", "prepared.m4a"]
    edits = json.loads((studio.asset(asset) / "edits.json").read_text())
    assert (edits["assetId"], edits["outputFormat"], edits["clips"][0]["endTime"]) == (asset, "aac", 2)
    assert new.exists()


async def test_a_source_shorter_than_its_description_is_told(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(2, RATE), RATE))
    await studio.save(recipe_of(clip_of(source, 0, 1)))
    media = studio.asset(source) / "media.json"
    media.write_text(json.dumps(json.loads(media.read_text()) | {"frames": 9 * RATE}))

    with pytest.raises(PermanentError, match=r"1\.0\d\d s long instead of 4\.000 s"):
        await studio.save(recipe_of(clip_of(source, 1, 5)))


async def test_what_is_wrong_with_a_recipe_names_the_clip(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(2, RATE), RATE))
    missing = str(uuid.uuid4())

    for clip, kind, words in [
        (clip_of(source, 1, 2.5), ErrorKind.INVALID_PAYLOAD, r"clip 2 \('clip-1'\): endTime 2.5 s is after the end"),
        (
            clip_of(missing, 0, 1),
            ErrorKind.SOURCE_MISSING,
            rf"clip 2 \('clip-1'\): its source {missing} is not in storage",
        ),
    ]:
        with pytest.raises(PermanentError, match=words) as caught:
            await studio.save(recipe_of(clip_of(source, 0, 1), clip))
        assert caught.value.kind is kind


async def test_limits_hold_before_anything_is_rendered(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(4, RATE), RATE))

    studio.limits = MediaLimits(max_seconds=3)
    with pytest.raises(PermanentError, match=r"over the limit of 0\.05 minutes"):
        await studio.save(recipe_of(clip_of(source, 0, 2), clip_of(source, 0, 2)))
    studio.limits = MediaLimits(max_output_bytes=100_000)
    with pytest.raises(PermanentError, match="lower the sample rate"):
        await studio.save(recipe_of(clip_of(source, 0, 4)))


async def test_progress_is_frequent_and_never_goes_back_within_a_stage(studio: Studio, tmp_path: Path) -> None:
    source = studio.add(make_audio(tmp_path / "source.flac", 90, "-ac", "2", "-ar", "48000"))

    await studio.save(recipe_of(clip_of(source, 0, 90), normalize=True, outputFormat="aac"))

    path = [beat.stage for beat in studio.heartbeats]
    entered = [stage for stage, before in zip(path, [None, *path], strict=False) if stage != before]
    assert entered == ["downloading", "normalizing", "rendering", "uploading", "finalizing"]
    for stage in entered:
        shares = [beat.progress for beat in studio.heartbeats if beat.stage == stage]
        assert shares == sorted(shares)
    rendering = {beat.progress for beat in studio.heartbeats if beat.stage == "rendering"}
    assert len(rendering) > 4


@pytest.mark.parametrize("rate", [100, 7350, 384000])
async def test_unusual_sample_rates_are_rendered(studio: Studio, tmp_path: Path, rate: int) -> None:
    source = studio.add(write_wav(tmp_path / "source.wav", tone(3, RATE, 30), RATE))

    saved = await studio.save(recipe_of(clip_of(source, 0.5, 2.5), clip_of(source, 0, 0.1), outputSampleRate=rate))

    heard = samples_of(saved)
    assert stream_of(saved)["sample_rate"] == str(rate)
    assert len(heard) == round(2.1 * rate)
    assert pitch_of(heard[: 2 * rate], rate) == pytest.approx(30, abs=1)


@pytest.mark.parametrize(
    ("channels", "fields", "kbps"),
    [
        (2, {}, 384),
        (1, {}, 192),
        (2, {"aacKbps": 96}, 96),
        (1, {"aacKbps": 96}, 48),
        (2, {"outputSampleRate": 8000}, 96),
    ],
    ids=["stereo", "mono", "recipe's own", "recipe's own, mono", "all that 8 kHz has"],
)
async def test_an_aac_has_the_bit_rate_that_was_asked_for(
    studio: Studio, tmp_path: Path, channels: int, fields: dict[str, int], kbps: int
) -> None:
    """Noise that differs between the channels takes nearly all the bits it may have, but for a low sample rate."""
    sound = noise(10, 0.2)[:, :channels]
    source = studio.add(write_wav(tmp_path / "source.wav", sound, RATE))

    saved = await studio.save(recipe_of(clip_of(source, 0, 10), outputFormat="aac", **fields))

    assert 0.7 * kbps < int(stream_of(saved)["bit_rate"]) / 1000 < 1.1 * kbps


@pytest.mark.parametrize("value", [np.inf, np.nan, 1e20], ids=str)
async def test_float_samples_of_any_value_have_a_preview(studio: Studio, tmp_path: Path, value: float) -> None:
    """LAME aborts over samples that are infinite."""
    sound = tone(3, RATE)[:, None].repeat(2, axis=1)
    sound[RATE] = value
    source = studio.add(write_float_wav(tmp_path / "source.wav", sound, RATE))

    preview = await studio.preview(recipe_of(clip_of(source, 0, 3)))

    assert pitch_of(samples_of(preview)[RATE + RATE // 2 : 2 * RATE], RATE) == pytest.approx(440, abs=5)
