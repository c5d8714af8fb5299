"""A JSON schema, as tables that a person reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
Schema = dict[str, Any]


def written(block: str) -> str:
    """The tables of the schema whose path a block has."""
    path = ROOT / block.strip()
    schema = json.loads(path.read_text(encoding="utf-8"))
    parts = [*_object(path.name.partition(".")[0], schema)]
    for name, inner in schema.get("$defs", {}).items():
        if "properties" in inner:
            parts += _object(name, inner)
        else:
            parts.append(f"## `{name}`\n\n{_sentence(_type(inner), inner)}\n")
    return "\n".join(parts)


def _object(name: str, schema: Schema) -> Iterator[str]:
    """Its own table, and then those of the objects that are written out inside it."""
    yield f"## `{name}`\n"
    if "description" in schema:
        yield schema["description"] + "\n"
    inside = []
    rows = ["| key | there | what it is |", "|---|---|---|"]
    for key, value in schema["properties"].items():
        item = value.get("items", value)
        if "properties" in item:
            inside.append((f"{name}.{key}", item))
        needed = "always" if key in schema.get("required", ()) else "may be"
        rows.append(f"| `{key}` | {needed} | {_sentence(_type(value, f'{name}.{key}'), value)} |")
    yield "\n".join(rows) + "\n"
    for inner, item in inside:
        yield from _object(inner, item)


def _sentence(kind: str, schema: Schema) -> str:
    told = schema.get("description", "")
    default = f" Default: `{schema['default']}`." if "default" in schema else ""
    return f"{kind}. {told}{default}".rstrip()


def _type(schema: Schema, path: str = "") -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema["enum"])
    if "properties" in schema:
        return f"[{path}](#{path.replace('.', '').replace(' ', '-')})"
    if schema.get("type") == "array":
        most = f", at most {schema['maxItems']}" if "maxItems" in schema else ""
        return f"list of {_type(schema['items'], path)}{most}"
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    least = f", from {schema['minimum']} on" if "minimum" in schema else ""
    pattern = f", as `{schema['pattern']}`".replace("|", "\\|") if "pattern" in schema else ""
    return " or ".join(kinds) + least + pattern
