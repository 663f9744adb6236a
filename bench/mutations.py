"""The changes of one operator, constant or condition that a package's source allows."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent
_SWAPS: dict[type[Any], type[Any]] = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And},
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult},
}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "floor": "ceil", "ceil": "floor"}


@dataclass(frozen=True)
class Mutant:
    """One change: the node (as `ast.walk` counts them) of the file, and how it reads before and after."""

    file: Path
    node: int
    part: int
    change: str


def mutants_of(file: Path) -> Iterator[Mutant]:
    """All changes of a file; none in annotations, which no test can notice."""
    tree = ast.parse(file.read_text("utf-8"))
    skipped = {id(inner) for node in ast.walk(tree) for part in _annotations(node) for inner in ast.walk(part)}
    for number, node in enumerate(ast.walk(tree)):
        for part in range(len(node.ops)) if isinstance(node, ast.Compare) else (0,):
            changed = copy.deepcopy(node)
            if id(node) not in skipped and _change(changed, part):
                where = f"{file.relative_to(REPOSITORY)}:{getattr(node, 'lineno', 0)}"
                yield Mutant(file, number, part, f"{where}: {ast.unparse(node)} -> {ast.unparse(changed)}")


def possible(package: str) -> list[Mutant]:
    """All changes of a package."""
    return [mutant for file in sorted((REPOSITORY / "lambdas" / package).rglob("*.py")) for mutant in mutants_of(file)]


def mutated(mutant: Mutant) -> ast.Module:
    """The file's tree with the change."""
    tree = ast.parse(mutant.file.read_text("utf-8"))
    _change(list(ast.walk(tree))[mutant.node], mutant.part)
    return tree


def _annotations(node: ast.AST) -> list[ast.AST]:
    named = (getattr(node, name, None) for name in ("annotation", "returns"))
    return [part for part in (*named, *getattr(node, "decorator_list", ())) if part is not None]


def _change(node: ast.AST, part: int) -> bool:
    """Change the node in place; False if it is of no kind that is changed."""
    match node:
        case ast.Compare() if type(node.ops[part]) in _SWAPS:
            node.ops[part] = _SWAPS[type(node.ops[part])]()
        case ast.BinOp() | ast.BoolOp() if type(node.op) in _SWAPS:
            node.op = _SWAPS[type(node.op)]()
        case ast.Call(func=(ast.Name() | ast.Attribute()) as called):
            field = "id" if isinstance(called, ast.Name) else "attr"
            if getattr(called, field) not in _CALLS:
                return False
            setattr(called, field, _CALLS[getattr(called, field)])
        case ast.If() | ast.IfExp() | ast.While() if not isinstance(node.test, ast.Compare | ast.BoolOp):
            node.test = ast.fix_missing_locations(ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test))
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant(value=int() | float() as number):
            node.value = number + 1
        case _:
            return False
    return True
