"""`python -m iu_tuner.schemas docs`: writes the JSON Schemas of the machines' inputs and outputs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from iu_tuner.contract.batch.batch_input import ProcessInput
from iu_tuner.contract.batch.output import BatchManifest, BatchOutput
from iu_tuner.contract.execution_input import ExecutionInput
from iu_tuner.contract.output.json_values import PRESENT_WITH, json_name
from iu_tuner.contract.output.result import Findings, Output
from iu_tuner.contract.uploads.serve_output import ServeOutput

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", NoneType: "null"}


def input_schema() -> dict[str, Any]:
    """The schema of an execution's input. Rules between two fields are checked only by `parse_input`."""
    return {"$schema": _DIALECT, "title": "Execution input", **_without_titles(ExecutionInput.model_json_schema())}


def batch_input_schema() -> dict[str, Any]:
    """The schema of a batch's input. Rules between two fields are checked only by `parse_process_input`."""
    return {"$schema": _DIALECT, "title": "Batch input", **_without_titles(ProcessInput.model_json_schema())}


def batch_output_schema() -> dict[str, Any]:
    """The schema of a batch's output."""
    return _titled_schema("Batch output", BatchOutput)


def batch_manifest_schema() -> dict[str, Any]:
    """The schema of a batch's manifest.json."""
    return _titled_schema("Batch manifest", BatchManifest)


def serve_output_schema() -> dict[str, Any]:
    """The schema of the output of a run for uploads."""
    return _titled_schema("Output of a run for uploads", ServeOutput)


def _titled_schema(title: str, kind: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    return {"$schema": _DIALECT, "title": title, **_schema(kind, parts), "$defs": parts}


def output_schema() -> dict[str, Any]:
    """The schema of an execution's output: that of a run with an answer, or that of a skipped one."""
    parts: dict[str, Any] = {}
    answer_schema, skipped_schema = _schema(Output, parts), _schema(Findings, parts)
    skipped_schema = {**skipped_schema, "properties": {"verdict": {"const": "skipped"}}}
    return {"$schema": _DIALECT, "title": "Execution output", "anyOf": [answer_schema, skipped_schema], "$defs": parts}


def _without_titles(schema: Any) -> Any:
    """The schema without the titles that pydantic derives from names."""
    if isinstance(schema, list):
        return [_without_titles(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _without_titles(value) for key, value in schema.items() if key != "title"}


def _schema(kind: Any, parts: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return {}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0], parts)}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema(arguments[1], parts)}
    if arguments:
        return {"anyOf": [_schema(each, parts) for each in arguments]}
    if not (isinstance(kind, type) and is_dataclass(kind)):
        return {"type": _TYPES[kind]}
    if kind.__name__ not in parts:
        parts[kind.__name__] = {}  # defined before its fields, which may refer to it
        parts[kind.__name__] |= _object(kind, parts)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _object(kind: Any, parts: dict[str, Any]) -> dict[str, Any]:
    types, properties = get_type_hints(kind), {}
    for field in fields(kind):
        may_be_null = field.default is MISSING or PRESENT_WITH in field.metadata
        value_types = [value_type for value_type in get_args(types[field.name]) or () if value_type is not NoneType]
        present_type = (
            value_types[0] if len(value_types) == 1 and NoneType in get_args(types[field.name]) else types[field.name]
        )
        properties[json_name(field.name)] = _schema(types[field.name] if may_be_null else present_type, parts)
    required = [json_name(field.name) for field in fields(kind) if field.default is MISSING]
    return {"type": "object", "description": kind.__doc__, "properties": properties, "required": required}


SCHEMAS = {
    "input": input_schema,
    "output": output_schema,
    "batch-input": batch_input_schema,
    "batch-output": batch_output_schema,
    "batch-manifest": batch_manifest_schema,
    "serve-output": serve_output_schema,
}


def main() -> None:
    """Write all schemas into the folder given on the command line."""
    for name, schema in SCHEMAS.items():
        text = json.dumps(schema(), indent=2, ensure_ascii=False)
        (Path(sys.argv[1]) / f"{name}.schema.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
