"""Storage keys and file names: whatever they say, they lead to objects of the storage and to nothing else."""

from collections.abc import Iterator

from audioprep.jobs.errors import ErrorKind, PermanentError
from tests.hostile.case import Arena, Attack, Case, Expect
from tests.support.ingesting import Ingesting

# {canary} is the folder that must not be read.
REFUSED = {
    "a parent": "../../canary/secret.mp3",
    "parents inside": "uploads/../../../canary/secret.mp3",
    "an absolute path": "{canary}/secret.mp3",
    "a double slash": "/{canary}/secret.mp3",
    "a file URL": "file://{canary}/secret.mp3",
    "an s3 URL": "s3://bucket/secret.mp3",
    "an escaped parent": "%2e%2e/%2e%2e/canary/secret.mp3",
    "a twice escaped parent": "%252e%252e/canary/secret.mp3",
    "a backslash": "..\\..\\canary\\secret.mp3",
    "a NUL": "uploads/a.mp3\0.wav",
    "a newline": "uploads/a\nb.mp3",
    "an option": "-i",
    "a long option": "--exec=id",
    "a protocol of ffmpeg": "concat:a|b",
    "a pattern": "uploads/%d.mp3",
    "a wildcard": "uploads/*.mp3",
    "a home folder": "~/secret.mp3",
    "a variable": "$HOME/secret.mp3",
    "a command": "$(id).mp3",
    "a device": "/dev/zero",
    "the dot folder": ".",
    "1,000 folders": "a/" * 500 + "a",
    "4,000 characters": "x" * 4000,
    "right to left": "\u202e3pm.exe",
    "half a character": "\ud800.mp3",
}
# Names of sources that exist: they show in the result and nowhere else.
NAMES = ("-i.mp3", "--version.wav", "%d.wav", "a'b\"c;d|e&f.wav", "[0:a]amovie=x.wav", "a:b,c=d.wav", "$(id).wav")


def cases() -> Iterator[Case]:
    for name, key in REFUSED.items():
        yield Case("storage key", name, Expect.REFUSED, _adopting(key))
    for name in NAMES:
        yield Case("file name", name, Expect.RIGHT, _named(name))


def _adopting(key: str) -> Attack:
    async def attack(arena: Arena) -> str:
        job = Ingesting(arena.folder)
        try:
            return str(await job.adopt(key.format(canary=arena.canary)))
        except PermanentError as error:
            if error.kind not in (ErrorKind.INVALID_PAYLOAD, ErrorKind.SOURCE_MISSING):
                raise RuntimeError(f"it got as far as {error.kind}") from error
            raise

    return attack


def _named(name: str) -> Attack:
    async def attack(arena: Arena) -> str:
        found = await Ingesting(arena.folder).ingest(name, (arena.corpus / "tone.wav").read_bytes())
        if (found.duration, found.original_filename) != (2.0, name):
            raise RuntimeError(f"{found.duration} s of {found.original_filename}")
        return "2 s of sound"

    return attack
