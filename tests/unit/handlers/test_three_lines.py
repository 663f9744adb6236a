"""A handler parses, calls one use case and returns plain values: it holds no rule, and knows no service."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "lambdas" / "handlers"
HANDLERS = sorted(path for path in FOLDER.glob("*.py") if path.stem != "__init__")
BRANCHES = ast.If | ast.IfExp | ast.Try | ast.For | ast.While | ast.With
MAX_STATEMENTS = 3


@pytest.mark.parametrize("module", HANDLERS, ids=lambda path: path.stem)
def test_a_handler_has_three_lines_at_most(module: Path) -> None:
    tree = ast.parse(module.read_text("utf-8"))

    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert [function.name for function in functions] == ["handler"]
    statements = [one for one in functions[0].body if not is_text(one)]
    assert 1 <= len(statements) <= MAX_STATEMENTS


@pytest.mark.parametrize("module", HANDLERS, ids=lambda path: path.stem)
def test_a_handler_decides_nothing(module: Path) -> None:
    nodes = list(ast.walk(ast.parse(module.read_text("utf-8"))))

    assert not [node for node in nodes if isinstance(node, BRANCHES)]


@pytest.mark.parametrize("module", HANDLERS, ids=lambda path: path.stem)
def test_a_handler_talks_to_no_aws_by_itself(module: Path) -> None:
    nodes = list(ast.walk(ast.parse(module.read_text("utf-8"))))

    imported = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    assert not [name for name in imported if name.partition(".")[0] in ("boto3", "botocore")]


def is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def test_there_are_handlers() -> None:
    assert len(HANDLERS) > 10
