"""The repository's modules and what each imports, read without importing any."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("iu_tuner", "lambdas", "infra", "simulation", "local", "bench", "tests")


@dataclass(frozen=True)
class Module:
    """A module by its full name; `is_package` if it is an `__init__.py`."""

    name: str
    text: str
    is_package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text)

    @property
    def package(self) -> str:
        """The package that it lies in; a package lies in itself."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @cached_property
    def imported(self) -> frozenset[str]:
        """What it imports, wherever the import stands: `a.b` and `a.b.c` for `from a.b import c`."""
        names: set[str] = set()
        for node in _statements(self.tree):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                above = self.package.split(".")[: len(self.package.split(".")) + 1 - node.level] if node.level else []
                base = ".".join([*above, *([node.module] if node.module else [])])
                names.update([base, *(f"{base}.{alias.name}" for alias in node.names)])
        return frozenset(names)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements in it, at any depth. Expressions hold no imports, and are most of a tree."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield child
            yield from _statements(child)


Modules = Mapping[str, Module]


def repository() -> Modules:
    """All modules of the repository, by name."""
    files = [ROOT / "app.py", *(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))]
    return by_name(_module(file) for file in files)


def by_name(modules: Iterable[Module]) -> Modules:
    """The modules by their names."""
    return {module.name: module for module in modules}


def _module(file: Path) -> Module:
    parts = file.relative_to(ROOT).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    return Module(".".join(parts[:-1] if is_package else parts), file.read_text("utf-8"), is_package)


def arrows(modules: Modules) -> dict[str, set[str]]:
    """The modules of the repository that each of them imports; of a package only what is imported from it itself."""
    return {
        name: {each for each in _innermost(module.imported & modules.keys()) if each != name}
        for name, module in modules.items()
    }


def with_parents(names: Iterable[str]) -> set[str]:
    """The modules and the packages around them, which are imported first."""
    return {".".join(name.split(".")[:length]) for name in names for length in range(1, name.count(".") + 2)}


def _innermost(names: Collection[str]) -> Iterator[str]:
    """The names without the packages that stand there only because something in them is imported."""
    return (name for name in names if not any(other.startswith(f"{name}.") for other in names))


def circles(graph: Mapping[str, Collection[str]]) -> list[list[str]]:
    """The sets of nodes that reach each other, each sorted."""
    left = dict(graph)
    while ends := [node for node, targets in left.items() if not any(target in left for target in targets)]:
        for node in ends:  # no circle goes through it
            del left[node]
    reached = {node: reach(left, [node]) & left.keys() for node in left}
    groups = {frozenset(other for other in reached[node] if node in reached[other]) for node in left}
    return sorted(sorted(group) for group in groups if group)


def reach(graph: Mapping[str, Collection[str]], starts: Iterable[str]) -> set[str]:
    """The nodes that arrows lead to from these."""
    found: set[str] = set()
    ahead = [target for start in starts for target in graph.get(start, ())]
    while ahead:
        node = ahead.pop()
        if node not in found:
            found.add(node)
            ahead.extend(graph.get(node, ()))
    return found
