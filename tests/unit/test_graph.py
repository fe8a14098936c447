"""The filter graph: pure, so its promises are told without ffmpeg."""

from itertools import pairwise
from pathlib import Path
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from audioprep.activities.render.graph import OUTPUT, SourceFacts, build_graph, clip_frames, crossfade_frames
from audioprep.jobs.types.recipe import Clip, Recipe

RATES = st.sampled_from([8000, 22050, 44100, 48000, 96000, 192000])


def _clip(start: float, end: float, **fields: float) -> Clip:
    return Clip(id="a", source_asset_id=uuid4(), start_time=start, end_time=end, **fields)


def _source(rate: int = 44100, channels: int = 2, *, seekable: bool = False) -> SourceFacts:
    return SourceFacts(Path("source-0"), 0, rate, channels, seekable)


def test_one_clip_is_cut_and_nothing_more() -> None:
    graph = build_graph([(_clip(1, 3), _source())], 44100)

    assert graph.frames == 88200
    assert graph.seconds == 2
    assert graph.filters.startswith("[0:0]atrim=")
    assert graph.filters.endswith(OUTPUT)
    assert not any(word in graph.filters for word in ("concat", "volume", "afade", "pan"))


def test_each_clip_is_an_input_and_they_are_joined_in_order() -> None:
    source = _source()

    graph = build_graph([(_clip(1, 3), source), (_clip(0, 1), source), (_clip(5, 6), source)], 44100)

    assert graph.inputs.count("-i") == 3
    assert "[c0][c1][c2]concat=n=3:v=0:a=1[mix]" in graph.filters


def test_crossfaded_clips_are_one_part_of_what_is_joined() -> None:
    source = _source()
    clips = [_clip(0, 2, crossfade=1), _clip(0, 2, gap=0.5), _clip(0, 2, crossfade=0.25), _clip(0, 2)]

    graph = build_graph([(clip, source) for clip in clips], 1000)

    assert graph.frames == 8000 + 500 - 1000 - 250
    assert "[c0][c1]acrossfade=nb_samples=1000:curve1=qsin:curve2=qsin" in graph.filters
    assert graph.filters.endswith("[x1][x3]concat=n=2:v=0:a=1[mix]")
    assert graph.filters.count("apad=pad_len=500") == 1


lengths = st.floats(0.1, 5)


@given(st.lists(st.tuples(lengths, st.floats(0, 5)), min_size=1, max_size=12), RATES)
def test_no_more_is_crossfaded_than_there_is(pieces: list[tuple[float, float]], rate: int) -> None:
    """Whatever rounding and a source that is shorter than it was said to be make of a recipe."""
    clips = [_clip(0, length, crossfade=crossfade) for length, crossfade in pieces]

    overlaps = crossfade_frames(clips, rate)

    for clip, before, after in zip(clips, [0, *overlaps], [*overlaps, 0], strict=True):
        assert before >= 0
        assert before + after <= clip_frames(clip, rate)


@given(st.lists(st.tuples(st.floats(1, 5), st.floats(0, 0.5), st.booleans()), min_size=2, max_size=12), RATES)
def test_a_recipe_is_as_long_as_its_graph(pieces: list[tuple[float, float, bool]], rate: int) -> None:
    asset = str(uuid4())
    clips = [
        {"id": "", "sourceAssetId": asset, "startTime": 0, "endTime": length, "gap" if gap else "crossfade": join}
        for length, join, gap in pieces
    ]
    clips[-1] |= {"gap": 0, "crossfade": 0}
    recipe = Recipe.model_validate({"assetId": asset, "clips": clips})

    graph = build_graph([(clip, _source()) for clip in recipe.clips], rate)

    assert abs(graph.seconds - recipe.duration) <= len(clips) * 2 / rate


def test_volume_and_fades_are_there_when_they_are_asked_for() -> None:
    graph = build_graph([(_clip(0, 4, volume=0.5, fade_in=1, fade_out=0.5), _source())], 1000)

    assert "volume=0.500000000" in graph.filters
    assert "afade=t=in:start_sample=0:nb_samples=1000" in graph.filters
    assert "afade=t=out:start_sample=3500:nb_samples=500" in graph.filters


def test_the_output_is_stereo_as_soon_as_one_source_is() -> None:
    clip = _clip(0, 1)

    assert build_graph([(clip, _source(channels=1))], 44100).channels == 1
    assert build_graph([(clip, _source(channels=1)), (clip, _source(channels=6))], 44100).channels == 2
    assert "pan=stereo|c0=c0|c1=c0" in build_graph([(clip, _source(channels=1)), (clip, _source())], 44100).filters


def test_a_layout_without_a_name_is_mixed_by_sides() -> None:
    graph = build_graph([(_clip(0, 1), _source(channels=10))], 44100)

    assert "c0=0.200000*c0+0.200000*c2+" in graph.filters


def test_only_a_source_that_can_be_sought_exactly_is_sought() -> None:
    clip = _clip(100.5, 101)

    assert "-ss" not in build_graph([(clip, _source())], 44100).inputs
    sought = build_graph([(clip, _source(seekable=True))], 44100)
    assert sought.inputs[sought.inputs.index("-ss") + 1] == "98"
    assert f"atrim=start_sample={2 * 44100}:" in sought.filters


@given(
    cuts=st.lists(st.floats(0, 3600), min_size=2, max_size=20, unique=True).map(sorted),
    source_rate=RATES,
    rate=RATES,
    seekable=st.booleans(),
)
def test_pieces_are_together_as_long_as_the_whole(
    cuts: list[float], source_rate: int, rate: int, seekable: bool
) -> None:
    clips = [Clip.model_construct(start_time=a, end_time=b, volume=1, fade_in=0, fade_out=0) for a, b in _pairs(cuts)]
    whole = Clip.model_construct(start_time=cuts[0], end_time=cuts[-1])

    graph = build_graph([(clip, _source(source_rate, seekable=seekable)) for clip in clips], rate)

    assert graph.frames == clip_frames(whole, rate)
    assert "=-" not in graph.filters, "a time before the start"


def _pairs(cuts: list[float]) -> list[tuple[float, float]]:
    return list(pairwise(cuts))
