"""What the services take, as schemas and rules of our own, from their published sources."""

from __future__ import annotations

import base64
import json
from typing import Any

import jsonschema

# what Classroom 50 sets when it runs an autograder
ENVIRON = {
    "CLASSROOM": "dl",
    "ASSIGNMENT": "layers",
    "ASSIGNMENT_TYPE": "individual",
    "OWNER": "ada",
    "SUBMISSION_TAG": "submit/2026-11-20T10-00-00Z-a1b2c3d",
    "COMMIT_URL": "https://example.org/c",
    "RELEASE_URL": "https://example.org/r",
    "REVIEW_URL": "https://example.org/v",
}

POINTS = {"type": "integer", "minimum": 0}
# one line without control characters, and nothing that the runner takes for a command
HARMLESS = {
    "type": "string",
    "allOf": [
        {"not": {"pattern": "::"}},
        {"not": {"pattern": r"##\["}},
        {"not": {"pattern": "[\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]"}},
    ],
}

REPORTER: dict[str, Any] = {
    "type": "object",
    "required": ["version", "status", "max_score", "tests"],
    "additionalProperties": False,
    "properties": {
        "version": {"const": 1},
        "status": {"enum": ["pass", "fail", "error"]},
        "max_score": POINTS,
        "tests": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["name", "status", "score", "line_no"],
                "additionalProperties": False,
                "properties": {
                    "name": HARMLESS,
                    "status": {"enum": ["pass", "fail", "error"]},
                    "score": POINTS,
                    "message": HARMLESS,
                    "test_code": HARMLESS,
                    "filename": {"type": "string"},
                    "line_no": {"const": 0},
                    "duration": {"type": "number", "minimum": 0},
                },
            },
        },
    },
}

CLASSROOM50: dict[str, Any] = {
    "type": "object",
    "required": [
        *("schema", "classroom", "assignment", "assignment_type", "owner", "submission"),
        *("commit", "release", "review", "datetime", "score", "max-score", "tests"),
    ],
    "additionalProperties": False,
    "properties": {
        "schema": {"const": "classroom50/result/v1"},
        "classroom": {"type": "string", "minLength": 1},
        "assignment": {"type": "string", "minLength": 1},
        "assignment_type": {"enum": ["individual", "group", "team"]},
        "owner": {"type": "string", "minLength": 1},
        "submission": {"type": "string", "pattern": "^submit/"},
        "commit": {"type": "string", "minLength": 1},
        "release": {"type": "string", "minLength": 1},
        "review": {"type": "string", "minLength": 1},
        "datetime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "graded_at": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "score": POINTS,
        "max-score": POINTS,
        "tests": {
            "type": "array",
            "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["test-name", "passed", "score", "max-score"],
                "properties": {
                    "test-name": {"type": "string", "minLength": 1},
                    "passed": {"type": "boolean"},
                    "score": POINTS,
                    "max-score": POINTS,
                },
            },
        },
    },
}

VISIBILITY = {"enum": ["visible", "hidden", "after_due_date", "after_published"]}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
GRADESCOPE: dict[str, Any] = {
    "type": "object",
    "required": ["score", "tests"],
    "additionalProperties": False,
    "properties": {
        "score": POINTS,
        "execution_time": {"type": "number"},
        "output": {"type": "string"},
        "output_format": FORMAT,
        "test_output_format": FORMAT,
        "test_name_format": FORMAT,
        "visibility": VISIBILITY,
        "stdout_visibility": VISIBILITY,
        "extra_data": {"type": "object"},
        "leaderboard": {"type": "array"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["score", "max_score", "name", "status", "visibility", "tags"],
                "additionalProperties": False,
                "properties": {
                    "score": POINTS,
                    "max_score": POINTS,
                    "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string", "minLength": 1},
                    "name_format": FORMAT,
                    "number": {"type": "string", "pattern": r"^\d+(\.\d+)*$"},
                    "output": {"type": "string"},
                    "output_format": FORMAT,
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "visibility": VISIBILITY,
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
}


_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
# of devContainer.base.schema.json of the project devcontainers/spec, what ours use
DEVCONTAINER: dict[str, Any] = {
    "type": "object",
    "required": ["name", "image", "postCreateCommand"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "image": {"type": "string"},
        "hostRequirements": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "cpus": {"type": "integer", "minimum": 1},
                "memory": {"type": "string", "pattern": r"^\d+([tgmk]b)?$"},
            },
        },
        "containerEnv": _TEXTS,
        "remoteEnv": _TEXTS,
        "postCreateCommand": {"type": "string"},
        "customizations": {"type": "object"},
    },
}


def violations(data: Any, schema: dict[str, Any]) -> list[str]:
    """What in `data` is not as the schema has it."""
    return [f"{error.json_path}: {error.message}" for error in _errors(data, schema)]


def reporter_problems(data: Any) -> list[str]:
    """Why a result must not be handed to Classroom's reporter; empty if nothing is amiss."""
    found = [str(each.message) for each in _errors(data, REPORTER)]
    if found:
        return found
    tests = data["tests"]
    score = sum(test["score"] for test in tests)
    if score > data["max_score"]:
        found.append("more points than there are")
    failed = any(test["status"] != "pass" for test in tests)
    if failed != (data["status"] != "pass"):
        found.append("the status of the whole is not that of its tests")
    variable = f"GRADE_RESULTS={encoded(data)}\0"
    if len(variable) > 131_072:
        found.append("larger than an environment variable may be")
    return found


def classroom50_problems(data: Any) -> list[str]:
    found = [str(each.message) for each in _errors(data, CLASSROOM50)]
    for entry in [] if found else [data, *data["tests"]]:
        if entry["score"] > entry["max-score"]:
            found.append("more points than there are")
    return found


def encoded(data: Any) -> str:
    return base64.b64encode(json.dumps(data, ensure_ascii=False).encode()).decode()


def _errors(data: Any, schema: dict[str, Any]) -> list[jsonschema.ValidationError]:
    return list(jsonschema.Draft202012Validator(schema).iter_errors(data))
