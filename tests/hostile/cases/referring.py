"""Scripts, playlists and references under the name of a recording."""

from collections.abc import Iterator
from itertools import cycle

from audioprep.jobs.types.ingest import SourceType
from tests.hostile.case import Arena, Attack, Case, Expect
from tests.hostile.cases.scripts import Make, scripts
from tests.support.ingesting import Ingesting

_AS_VIDEO = 3  # of so many, one is sent as a video as well


def cases() -> Iterator[Case]:
    names = cycle(("song.mp3", "song.wav", "song.mp4", "song.m4a", "song.flac"))
    for number, (title, make) in enumerate(scripts()):
        name = next(names)
        yield Case("script", f"{title} as {name}", _expected(title), _sending(name, make, SourceType.AUDIO_FILE))
        if number % _AS_VIDEO == 0:
            yield Case(
                "script", f"{title} as film.mp4", Expect.REFUSED, _sending("film.mp4", make, SourceType.VIDEO_FILE)
            )


def _sending(name: str, make: Make, source_type: SourceType) -> Attack:
    async def attack(arena: Arena) -> str:
        content = make(arena.corpus, arena.canary, arena.forbidden)
        found = await Ingesting(arena.folder).ingest(name, content, source_type)
        return f"{found.duration} s"

    return attack


def _expected(title: str) -> Expect:
    """ffmpeg ignores the `url` form of a reference and finds the sound where it is: in the file itself."""
    return Expect.RIGHT if title == "mov with external data (url)" else Expect.REFUSED
