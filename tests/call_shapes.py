"""The calls of AWS in the code, read from its syntax trees, beside the services' own models (botocore's)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import OperationModel, Shape

REPOSITORY = Path(__file__).parents[1]
FILES = [path for folder in ("lambdas", "iu_tuner") for path in sorted((REPOSITORY / folder).rglob("*.py"))]
SESSION = botocore.session.get_session()


@cache
def trees() -> dict[str, ast.Module]:
    """Of all the code that talks to an account, by its path."""
    return {str(path.relative_to(REPOSITORY)): ast.parse(path.read_text("utf-8")) for path in FILES}


@cache
def services() -> frozenset[str]:
    """Those that a client is made for: `client("s3")`, `session.client("s3")`; one is named in a loop."""
    return frozenset({"cloudformation"}).union(
        str(call.args[0].value)
        for tree in trees().values()
        for call in calls(tree)
        if (call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")).endswith("client")
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    )


@cache
def operations() -> dict[str, list[OperationModel]]:
    """Python's name -> the operations of that name, of all services that the code talks to."""
    found: dict[str, list[OperationModel]] = {}
    for service in services():
        model = SESSION.get_service_model(service)
        for name in model.operation_names:
            found.setdefault(xform_name(name), []).append(model.operation_model(name))
    return found


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def faults(tree: ast.AST) -> tuple[int, list[str]]:
    """(calls checked, what is wrong with them)"""
    checked, wrong = 0, []
    for call in calls(tree):
        if isinstance(call.func, ast.Attribute) and is_of_aws(call):
            checked += 1
            name = operation_of(call)
            said = [errors(call, operation) for operation in operations().get(name, [])]
            best = min(said, key=len, default=[f"no service has an operation {name}"])
            wrong += [f"line {call.lineno}, {name}: {error}" for error in best]
    return checked, wrong


def is_of_aws(call: ast.Call) -> bool:
    """A method that is an operation, or whose keywords are spelled as AWS spells parameters."""
    assert isinstance(call.func, ast.Attribute)
    keywords = [keyword.arg for keyword in call.keywords if keyword.arg]
    if call.func.attr in operations():
        return bool(keywords) or (not call.args and not call.keywords and call.func.attr not in dir(dict))
    return bool(keywords) and not call.func.attr.startswith("_") and all(re.match("[A-Z]", name) for name in keywords)


def operation_of(call: ast.Call) -> str:
    """`put_item`, and `query` of `get_paginator("query").paginate(…)`."""
    assert isinstance(call.func, ast.Attribute)
    if call.func.attr == "paginate":
        inner = call.func.value
        if isinstance(inner, ast.Call) and inner.args and isinstance(inner.args[0], ast.Constant):
            return str(inner.args[0].value)
    return call.func.attr


def errors(call: ast.Call, operation: OperationModel) -> list[str]:
    members = operation.input_shape.members if operation.input_shape else {}
    required = set(operation.input_shape.required_members) if operation.input_shape else set()
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    is_open = any(keyword.arg is None for keyword in call.keywords)  # **more
    if isinstance(call.func, ast.Attribute) and call.func.attr == "paginate":
        given.pop("PaginationConfig", None)  # botocore's own
    missing = set() if is_open else required - set(given)
    return [
        *(f"no parameter {name}" for name in given if name not in members),
        *(f"without {name}" for name in sorted(missing)),
        *(e for name, value in given.items() if name in members for e in inside(value, members[name])),
    ]


def inside(value: ast.expr, shape: Shape) -> list[str]:
    """The same for what is written out within a parameter."""
    members: dict[str, Any] = getattr(shape, "members", {})
    if isinstance(value, ast.Dict) and shape.type_name == "structure":
        named = [
            (str(k.value), v) for k, v in zip(value.keys, value.values, strict=True) if isinstance(k, ast.Constant)
        ]
        return [f"no {name} in {shape.name}" for name, _ in named if name not in members] + [
            error for name, part in named if name in members for error in inside(part, members[name])
        ]
    if isinstance(value, ast.List) and shape.type_name == "list":
        return [error for part in value.elts for error in inside(part, shape.member)]  # type: ignore[attr-defined]
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    if is_text and (known := getattr(shape, "enum", None)) and value.value not in known:  # type: ignore[attr-defined]
        return [f"{shape.name} is no {value.value}"]  # type: ignore[attr-defined]
    return []
