"""`generated.py`: typed dictionaries of the JSON Schemas, and the constants that the checks and the digest need."""

import keyword
import pprint
import subprocess
import sys

from scripts.clients import facts
from scripts.clients.facts import Schema
from scripts.clients.typescript import type_name

_PLAIN = {"string": "str", "number": "float", "integer": "int", "boolean": "bool", "null": "None"}
_HEAD = '''"""Types and constants made by `make clients-code` from the models of audioprep; not edited by hand."""

from __future__ import annotations

from typing import Final, Literal, NotRequired, TypedDict
'''


def python_module() -> str:
    """The whole file."""
    models = sorted(facts.models().items(), key=lambda item: "properties" in item[1])  # aliases before their use
    text = "\n\n".join([_HEAD.rstrip(), *(_definition(name, schema) for name, schema in models), _constants()])
    return _formatted(text)


def python_schema() -> str:
    """`testing/schema.py`: the statements that make the tables, as `audioprep migrate` runs them."""
    lines = "".join(f"    {statement!r},\n" for statement in facts.ddl())
    head = '"""DDL made by `make clients-code` from bridge/store/sql/."""\n\nfrom typing import Final\n'
    return _formatted(f"{head}\nSCHEMA: Final = (\n{lines})\nSUPERSEDED: Final = {facts.SUPERSEDED!r}\n")


def _formatted(text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "generated.py", "-"]
    return subprocess.run(command, input=text, check=True, capture_output=True, text=True, timeout=60).stdout


def _definition(name: str, schema: Schema) -> str:
    if "enum" in schema:
        values = "".join(f"    {value!r},\n".replace("'", '"') for value in schema["enum"])
        return f"{type_name(name)} = Literal[\n{values}]"
    if "properties" not in schema:
        return f"{type_name(name)} = object"
    required = schema.get("required", [])
    lines = [f"    {key}: {_field(field, key in required)}" for key, field in schema.get("properties", {}).items()]
    if any(keyword.iskeyword(key) for key in schema.get("properties", {})):
        raise ValueError(f"a field of {name} is a keyword of Python")
    doc = " ".join(schema.get("description", "").split()) or f"`{type_name(name)}`, as a row holds it."
    return f"\nclass {type_name(name)}(TypedDict):\n    {_doc(doc)}\n\n" + "\n".join(lines) + "\n"


def _doc(text: str) -> str:
    if len(text) <= 100:
        return f'"""{text}"""'
    first, _, rest = text.partition(". ")
    return f'"""{first}.\n\n    {rest}\n    """' if rest else f'"""{text}"""'


def _field(schema: Schema, required: bool) -> str:
    kind = _type(schema)
    return kind if required else f"NotRequired[{kind}]"


def _type(schema: Schema) -> str:
    match schema:
        case {"$ref": str(ref)}:
            return type_name(ref.rsplit("/", 1)[-1])
        case {"const": value}:
            return f"Literal[{value!r}]"
        case {"enum": list(values)}:
            return f"Literal[{', '.join(map(repr, values))}]"
        case {"anyOf": list(parts)}:
            return " | ".join(dict.fromkeys(map(_type, parts)))
        case {"type": "array", "items": dict(items)}:
            return f"list[{_type(items)}]"
        case {"type": str(name)} if name in _PLAIN:
            return _PLAIN[name]
    raise ValueError(f"no Python for {schema}")


def _constants() -> str:
    heard, heard_in_clip = facts.heard_fields()
    values = {
        "FINAL_STATUSES: Final": tuple(facts.FINAL),
        "JOB_TYPES: Final": tuple(facts.TYPES),
        "LIMITS: Final": facts.LIMITS,
        "AAC_LIMITS: Final": facts.AAC_LIMITS,
        "MP3_LIMITS: Final": facts.MP3_LIMITS,
        "MP3_KBPS: Final": facts.MP3_KBPS,
        "FORMATS: Final": facts.FORMATS,
        "TAGS: Final": tuple(facts.TAGS),
        "PREVIEW_RATES: Final": facts.PREVIEW_RATES,
        "PRESETS: Final[dict[str, dict[str, float]]]": facts.PRESETS,
        "MEASURE: Final": facts.MEASURE,
        "RENDERER: Final": facts.RENDERER,
        "HEARD: Final": tuple(heard),
        "HEARD_IN_CLIP: Final": tuple(heard_in_clip),
        "RETRYABLE: Final": tuple(kind for kind, may_pass in facts.KINDS.items() if may_pass),
        "STAGE_STARTS: Final": {
            kind: {str(stage): start for stage, start in starts.items()}
            for kind, starts in facts.stage_starts().items()
        },
    }
    return "\n".join(f"{name} = {_literal(value)}" for name, value in values.items())


def _literal(value: object) -> str:
    return pprint.pformat(value, width=110, sort_dicts=False).replace("'", '"')
