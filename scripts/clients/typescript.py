"""`generated.ts`: interfaces of the JSON Schemas, and the constants that the checks and the digest need."""

import json
from typing import Any

from scripts.clients import facts
from scripts.clients.facts import Schema

_PLAIN = {"string": "string", "number": "number", "integer": "number", "boolean": "boolean", "null": "null"}


def typescript_module() -> str:
    """The whole file."""
    parts = ["// Made by `make clients-code` from the models of audioprep; not edited by hand."]
    parts += [_definition(name, schema) for name, schema in facts.models().items()]
    return "\n\n".join([*parts, *_constants()]) + "\n"


def schema_module() -> str:
    """`testing/schema.ts`: the statements that make the tables, as `audioprep migrate` runs them."""
    lines = ",\n".join(f"  {json.dumps(statement)}" for statement in facts.ddl())
    head = "// Made by `make clients-code` from bridge/store/sql/."
    superseded = f"export const SUPERSEDED = {json.dumps(facts.SUPERSEDED)};"
    return f"{head}\n\nexport const SCHEMA = [\n{lines},\n];\n\n{superseded}\n"


def type_name(name: str) -> str:
    """A model's name for authors of web apps: what a row holds is called `metadata`."""
    return name.removesuffix("Payload") + "Metadata" if name.endswith("Payload") else name


def _definition(name: str, schema: Schema) -> str:
    comment = _comment(schema.get("description", ""))
    if "enum" in schema:
        return f"{comment}export type {type_name(name)} = {' | '.join(map(json.dumps, schema['enum']))};"
    if "properties" not in schema:
        return f"{comment}export type {type_name(name)} = unknown;"
    required = schema.get("required", [])
    lines = [
        f"{_comment(field.get('description', ''), '  ')}  {key}{'' if key in required else '?'}: {_type(field)};"
        for key, field in schema.get("properties", {}).items()
    ]
    return f"{comment}export interface {type_name(name)} {{\n" + "\n".join(lines) + "\n}"


def _type(schema: Schema) -> str:
    match schema:
        case {"$ref": str(ref)}:
            return type_name(ref.rsplit("/", 1)[-1])
        case {"const": value}:
            return json.dumps(value)
        case {"enum": list(values)}:
            return " | ".join(map(json.dumps, values))
        case {"anyOf": list(parts)}:
            return " | ".join(dict.fromkeys(map(_type, parts)))
        case {"type": "array", "items": dict(items)}:
            return f"({_type(items)})[]" if "anyOf" in items else f"{_type(items)}[]"
        case {"type": str(name)} if name in _PLAIN:
            return _PLAIN[name]
    raise ValueError(f"no TypeScript for {schema}")


def _comment(text: str, indent: str = "") -> str:
    return f"{indent}/** {' '.join(text.split())} */\n" if text else ""


def _constants() -> list[str]:
    heard, heard_in_clip = facts.heard_fields()
    values: dict[str, Any] = {
        "FINAL_STATUSES": facts.FINAL,
        "JOB_TYPES": facts.TYPES,
        "LIMITS": facts.LIMITS,
        "AAC_LIMITS": {str(rate): most for rate, most in facts.AAC_LIMITS.items()},
        "MP3_LIMITS": {str(rate): most for rate, most in facts.MP3_LIMITS.items()},
        "MP3_KBPS": facts.MP3_KBPS,
        "FORMATS": facts.FORMATS,
        "TAGS": facts.TAGS,
        "PREVIEW_RATES": facts.PREVIEW_RATES,
        "PRESETS": facts.PRESETS,
        "MEASURE": facts.MEASURE,
        "RENDERER": facts.RENDERER,
        "HEARD": heard,
        "HEARD_IN_CLIP": heard_in_clip,
        "RETRYABLE": [kind for kind, may_pass in facts.KINDS.items() if may_pass],
        "STAGE_STARTS": facts.stage_starts(),
    }
    return [f"export const {name} = {json.dumps(value)} as const;" for name, value in values.items()]
