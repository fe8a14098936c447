"""What both packages must know of the models: schemas by name, limits, stages, how a preview's digest is made."""

from typing import Any, Final

from audioprep.bridge.store.queries import SCHEMA, UNIQUE
from audioprep.jobs.errors import SUPERSEDED_SENTENCE, ErrorKind
from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.schemas import error_schema, metadata_schema, result_schema, webhook_schema
from audioprep.jobs.status import FINAL_STATUSES, JobStatus
from audioprep.jobs.types import loudness, outputs, preview, recipe, tags

Schema = dict[str, Any]

LIMITS: Final[dict[str, float]] = {
    "maxClips": recipe.MAX_CLIPS,
    "minClipSeconds": recipe.MIN_CLIP_SECONDS,
    "maxSeconds": recipe.MAX_SECONDS,
    "minRate": recipe.MIN_RATE,
    "maxRate": recipe.MAX_RATE,
    "minAacKbps": outputs.MIN_AAC_KBPS,
    "maxAacKbps": outputs.MAX_AAC_KBPS,
    "maxOutputs": outputs.MAX_OUTPUTS,
    "minOpusKbps": outputs.MIN_OPUS_KBPS,
    "maxOpusKbps": outputs.MAX_OPUS_KBPS,
    "anyFlacRate": outputs.ANY_FLAC_RATE,
    "maxTagCharacters": tags.MAX_TEXT,
    "maxKeyCharacters": tags.MAX_KEY,
}
PRESETS: Final = {
    name: {"targetLufs": lufs, "truePeak": true_peak} for name, (lufs, true_peak) in loudness.PRESETS.items()
}
MEASURE: Final = loudness.LoudnessPreset.MEASURE.value
RENDERER: Final = preview._RENDERER
PREVIEW_RATES: Final = preview._MP3_RATES
AAC_RATES: Final = outputs.AAC_RATES
AAC_LIMITS: Final = {rate: outputs.max_aac_kbps(rate) for rate in AAC_RATES}
MP3_LIMITS: Final = outputs.MP3_LIMITS
MP3_KBPS: Final = outputs.MP3_KBPS
FORMATS: Final = {form.value: form.display_name for form in outputs.FileFormat}
TAGS: Final = [field.alias or name for name, field in tags.RecipeTags.model_fields.items()]
STATUSES: Final = [status.value for status in JobStatus]
FINAL: Final = [status.value for status in JobStatus if status in FINAL_STATUSES]
SUPERSEDED: Final = SUPERSEDED_SENTENCE
KINDS: Final = {kind.value: kind.may_pass for kind in ErrorKind}
TYPES: Final = [name for kind in JOB_TYPES for name in (kind.name, *kind.aliases)]


def stages() -> dict[str, list[str]]:
    """The stages of each type in order."""
    return {kind.name: list(kind.shares) for kind in JOB_TYPES}


def stage_starts() -> dict[str, dict[str, int]]:
    """The progress of the whole job at which each stage of a type begins."""
    found: dict[str, dict[str, int]] = {}
    for kind in JOB_TYPES:
        whole, before = sum(kind.shares.values()), 0.0
        found[kind.name] = {}
        for stage, share in kind.shares.items():
            found[kind.name][stage] = round(before * 100 / whole)
            before += share
    return found


def models() -> dict[str, Schema]:
    """Every object and enum of the schemas by its title; those that several schemas share appear once."""
    found: dict[str, Schema] = {}
    roots = [error_schema(), webhook_schema()]
    for kind in JOB_TYPES:
        roots += [metadata_schema(kind), result_schema(kind)]
    for root in roots:
        found |= {**root.get("$defs", {}), root["title"]: root}
    return found


def heard_fields() -> tuple[list[str], list[str]]:
    """Fields of a recipe and of a clip that can be heard in a preview, in JSON's names and in order."""
    names = [
        (field.alias or name) for name, field in recipe.Recipe.model_fields.items() if name not in preview._NOT_HEARD
    ]
    clip = [(field.alias or name) for name, field in recipe.Clip.model_fields.items() if name != "id"]
    return names, clip


def ddl() -> list[str]:
    """The statements that make the tables and indexes, as `audioprep migrate` runs them, a line each."""
    made = [statement for statement in SCHEMA.values() if statement.startswith(("CREATE TABLE", "CREATE INDEX"))]
    return [
        " ".join(statement.split())
        for statement in [*sorted(made, reverse=True), *UNIQUE.values(), SCHEMA["make_table_id"]]
    ]
