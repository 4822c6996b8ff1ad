"""Results for programs, held against their schemas."""

import json
from typing import Any

import jsonschema

from tests.support.commands import ROOT


def valid(text: str) -> dict[str, Any]:
    """A result that is as its schema says."""
    (line,) = text.splitlines()
    result: dict[str, Any] = json.loads(line)
    path = ROOT / f"docs/schemas/{result['command'].replace(' ', '-')}.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(result, schema, format_checker=jsonschema.FormatChecker())
    return result
