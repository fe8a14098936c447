"""Recipes on the command line: a file with one, and options that change it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from audioprep.cli.console import EXIT_USAGE, fail

_MAX_DIGITS = 6

RecipeFile = Annotated[Path, typer.Argument(help="A recipe, or a job's whole metadata, as JSON; - reads stdin.")]
Outputs = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        metavar="FORMAT[:N]",
        help="A file to make instead of those of the recipe: wav, flac, mp3, aac or opus, with its bits (wav:24) or"
        " kbit/s (mp3:192). Up to four times.",
    ),
]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        metavar="NAME=TEXT",
        help="A tag of the files: title, artist, album, albumArtist, composer, genre, date, track, disc or comment.",
    ),
]
CoverFile = Annotated[
    Path | None,
    typer.Option("--cover", help="A JPEG or PNG of 5 MB at most, which is uploaded to storage first."),
]


def tag_of(text: str) -> tuple[str, str]:
    """`title=Voices` as an entry of a recipe's `tags`."""
    from audioprep.jobs.types.tags import RecipeTags

    names = [field.alias or name for name, field in RecipeTags.model_fields.items()]
    name, equals, value = text.partition("=")
    if not equals or name not in names:
        fail(f"{text} is not NAME=TEXT, with a name of {', '.join(names)}.", EXIT_USAGE)
    return name, value


def output_of(text: str) -> dict[str, Any]:
    """`mp3:192` as an entry of a recipe's `outputs`."""
    form, colon, number = text.partition(":")
    if not colon:
        return {"format": form}
    if not (number.isascii() and number.isdigit() and len(number) <= _MAX_DIGITS):
        fail(f"{text} is not FORMAT:N, such as mp3:192.", EXIT_USAGE)
    return {"format": form, "bitDepth" if form in ("wav", "flac") else "kbps": int(number)}


def metadata_of(file: Path) -> dict[str, Any]:
    """What the file holds as `{recipe, ...}`; a bare recipe is wrapped."""
    import json

    try:
        text = typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text("utf-8-sig")
        document = json.loads(text)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.", EXIT_USAGE)
    except json.JSONDecodeError as error:
        fail(f"{file} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.", EXIT_USAGE)
    except ValueError:
        fail(f"{file} is not JSON in UTF-8.", EXIT_USAGE)
    if not isinstance(document, dict):
        fail(f"{file} is not a recipe: a JSON object is needed.", EXIT_USAGE)
    return document if "recipe" in document else {"recipe": document}
