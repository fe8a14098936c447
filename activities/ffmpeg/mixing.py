"""Downmix to mono or stereo, by what the source declares of its channels. Pure.

Two channels are left and right, whatever they are called. A layout that is declared, and that swresample's standard
matrix knows in full, is mixed by that, scaled so that it cannot clip: https://ffmpeg.org/ffmpeg-resampler.html
(rematrix_maxval). Channels of which nothing is declared, and layouts that the matrix would refuse or mix in part, are
tracks: odd ones go to the left and even ones to the right side, in equal shares, so that each is heard.
"""

from typing import Final

_STEREO: Final = 2
# Layouts of three channels and more of which swresample mixes every channel but the LFE, as `ffmpeg -layouts` names
# them. Those with speakers above the listener are left out: it would drop these.
STANDARD_LAYOUTS: Final = frozenset(
    {
        *("2.1", "3.0", "3.0(back)", "4.0", "quad", "quad(side)", "3.1", "5.0", "5.0(side)", "4.1", "5.1", "5.1(side)"),
        *("6.0", "6.0(front)", "hexagonal", "6.1", "6.1(back)", "6.1(front)", "7.0", "7.0(front)", "7.1", "7.1(wide)"),
        *("7.1(wide-side)", "octagonal"),
    }
)
# For sources whose layout changes: by names, with those that a frame has, and weights of the same matrix.
CHANGING: Final = (
    "pan=stereo"
    "|FL<FL+0.707107FC+0.707107BL+0.707107SL+0.707107FLC+0.5BC+DL"
    "|FR<FR+0.707107FC+0.707107BR+0.707107SR+0.707107FRC+0.5BC+DR"
)


def mix_filters(channels: int, layout: str, target: int) -> list[str]:
    """The filters that mix `channels` to `target`, 1 or 2, where swresample would not do so as described above.

    `layout` is the declared one, empty if there is none. An odd one is taken away first: filters would refuse it.
    """
    if channels == 1:
        named = [] if layout in ("", "mono") else ["channelmap=map=0:channel_layout=mono"]
        return [*named, "pan=stereo|c0=c0|c1=c0"] if target > 1 else named
    if channels == _STEREO:
        return [] if layout in ("", "stereo") else ["channelmap=map=0|1:channel_layout=stereo"]
    if layout in STANDARD_LAYOUTS:
        return []
    numbers = "|".join(map(str, range(channels)))
    unnamed = [f"channelmap=map={numbers}:channel_layout={channels}c"] if layout else []
    return [*unnamed, _in_equal_shares(channels)]


def _in_equal_shares(channels: int) -> str:
    sides = [range(side, channels, 2) for side in (0, 1)]
    mixed = ["+".join(f"{1 / len(side):.6f}*c{channel}" for channel in side) for side in sides]
    return f"pan=stereo|c0={mixed[0]}|c1={mixed[1]}"
