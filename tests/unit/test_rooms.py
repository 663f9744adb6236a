"""The rooms of the repository: what each package holds, and which of the others it may import."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.support.modules import ROOT, Module, Modules, arrows, by_name, circles, reach, repository, with_parents

# From the top down: a room imports only from rooms below it. A sub-package belongs to its parent unless it is listed.
ROOMS = (
    "lambdas.handlers",
    "lambdas.tuning",
    "lambdas.batch",
    "lambdas.inference",
    "lambdas.processing",
    "lambdas.cleanup",
    "lambdas.reports",
    "lambdas.reports.page",
    "lambdas.experiments",
    "lambdas.past_runs",
    "lambdas.runs",
    "lambdas.planning",
    "lambdas.capacity",
    "lambdas.triggers",
    "lambdas.load",
    "lambdas.models.registry",  # it finds the service behind a model's ARN
    "lambdas.models.*",  # one folder for each model service
    "lambdas.models",
    "lambdas.images",
    "lambdas.aws",
    "lambdas",  # the package alone
    "iu_tuner.contract",
    "iu_tuner.formats",
)
SDK = ("boto3", "botocore")
MAY_USE_THE_SDK = ("lambdas.aws", "lambdas.models.*", "iu_tuner.cli.aws", "local", "simulation", "bench", "tests")
MAX_MODULES = 12
MANY_MODULES = {"lambdas.handlers": "one file for each Lambda"}
PURE = (
    "lambdas.capacity",
    "lambdas.planning",
    "lambdas.experiments",
    "lambdas.reports.page",
    "iu_tuner.contract",
    "iu_tuner.vision.statistics",
)
STORES = ("lambdas.planning.cloudwatch_demand", "lambdas.planning.history_store")
IMPURE = (*SDK, "aws_lambda_powertools", "os", "time", "random", "socket", "threading", "logging", "subprocess")


def room_of(name: str) -> str | None:
    """The innermost room of ROOMS that a module lies in."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        room = ".".join(parts[:length])
        if room in ROOMS:
            return room
        if length == 3 and f"{parts[0]}.{parts[1]}.*" in ROOMS and len(parts) > 3:
            return f"{parts[0]}.{parts[1]}.*"
    return None


def is_in(name: str, packages: tuple[str, ...]) -> bool:
    """Whether a module lies in one of the packages or rooms."""
    return room_of(name) in packages or any(f"{name}.".startswith(f"{package}.") for package in packages)


def imports_from_above(modules: Modules) -> Iterator[str]:
    for name, targets in arrows(modules).items():
        if not is_in(name, ("lambdas", "iu_tuner.contract", "iu_tuner.formats")):
            continue
        room = room_of(name)
        if room == "lambdas" and name != "lambdas":
            yield f"{name} lies in no room"
            continue
        for target in targets:
            above = room_of(target)
            if room is None or above is None or ROOMS.index(above) < ROOMS.index(room):
                yield f"{name} imports {target}, which is not below it"


def imports_by_neighbours(modules: Modules) -> Iterator[str]:
    """The stack and the client share the contract with the Lambdas, and nothing else."""
    for name, targets in arrows(modules).items():
        if is_in(name, ("infra", "iu_tuner")):
            yield from (f"{name} imports {target}" for target in targets if is_in(target, ("lambdas",)))


def imports_of_the_sdk(modules: Modules) -> Iterator[str]:
    for name, module in modules.items():
        if not is_in(name, MAY_USE_THE_SDK):
            used = {each.partition(".")[0] for each in module.imported} & set(SDK)
            yield from (f"{name} imports {each}" for each in sorted(used))


def circles_of_modules(modules: Modules) -> Iterator[str]:
    yield from (" and ".join(circle) for circle in circles(arrows(modules)))


def circles_of_packages(modules: Modules) -> Iterator[str]:
    def package(name: str) -> str:
        return name if name in ROOMS else modules[name].package

    graph: dict[str, set[str]] = {package(name): set() for name in modules}
    for name, targets in arrows(modules).items():
        graph[package(name)] |= {package(target) for target in targets} - {package(name)}
    yield from (" and ".join(circle) for circle in circles(graph))


def crowded_packages(modules: Modules) -> Iterator[str]:
    numbers = Counter(module.package for module in modules.values() if not module.is_package)
    for package, number in numbers.items():
        if number > MAX_MODULES and package not in MANY_MODULES and not is_in(package, ("tests",)):
            yield f"{package} has {number} modules"


def empty_packages(modules: Modules) -> Iterator[str]:
    for name, module in modules.items():
        is_bare = len(module.tree.body) <= 1  # nothing but a docstring
        if module.is_package and is_bare and not any(other.startswith(f"{name}.") for other in modules):
            yield name


def undescribed_modules(modules: Modules) -> Iterator[str]:
    for name, module in modules.items():
        described = ast.get_docstring(module.tree) or ""
        if described.startswith("TODO") or not (described or is_in(name, ("tests",))):
            yield name


def impure_modules(modules: Modules) -> Iterator[str]:
    graph = arrows(modules)
    for room in PURE:
        inside = [name for name in modules if is_in(name, (room,)) and name not in STORES]
        for name in sorted(with_parents({*inside, *reach(graph, inside)}) & modules.keys()):
            used = {each.partition(".")[0] for each in modules[name].imported}
            forbidden = used & {*IMPURE, *(() if room == "iu_tuner.contract" else ("pydantic",))}
            yield from (f"{room} needs {name}, which imports {each}" for each in sorted(forbidden))


RULES = (
    imports_from_above,
    imports_by_neighbours,
    imports_of_the_sdk,
    circles_of_modules,
    circles_of_packages,
    crowded_packages,
    empty_packages,
    undescribed_modules,
    impure_modules,
)
COUNTER_EXAMPLES = {
    imports_from_above: [
        ({"lambdas.runs.run": "from lambdas.reports import email", "lambdas.reports.email": ""}, "lambdas.runs.run"),
        ({"lambdas.models.a.b.c": "import lambdas.load.d", "lambdas.load.d": ""}, "lambdas.models.a.b.c"),
        ({"lambdas.models.state": "import lambdas.models.a.b", "lambdas.models.a.b": ""}, "lambdas.models.state"),
        ({"lambdas.capacity.a": "import lambdas.planning.b", "lambdas.planning.b": ""}, "lambdas.capacity.a"),
        ({"iu_tuner.contract.a": "import lambdas.aws.b", "lambdas.aws.b": ""}, "iu_tuner.contract.a"),
        ({"lambdas.attic.a": ""}, "lambdas.attic.a lies in no room"),
    ],
    imports_by_neighbours: [
        ({"infra.a.b": "from lambdas.load import worker", "lambdas.load.worker": ""}, "infra.a.b imports lambdas.load"),
        ({"iu_tuner.cli.a": "def f():\n  import lambdas.aws.b", "lambdas.aws.b": ""}, "iu_tuner.cli.a"),
    ],
    imports_of_the_sdk: [
        ({"lambdas.load.a": "import boto3"}, "lambdas.load.a"),
        ({"lambdas.models.a": "from botocore.config import Config"}, "lambdas.models.a"),
        ({"iu_tuner.cli.a": "def f():\n  from boto3.dynamodb import types"}, "iu_tuner.cli.a"),
    ],
    circles_of_modules: [
        ({"a.b": "from a import c", "a.c": "import d, e", "d": "from a.b import x", "e": ""}, "a.b and a.c and d")
    ],
    circles_of_packages: [({"a.b": "import c.d", "a.e": "", "c.d": "", "c.f": "from a.e import x"}, "a and c")],
    crowded_packages: [({f"lambdas.load.m{number}": "" for number in range(13)}, "lambdas.load has 13")],
    empty_packages: [({"a/": "", "a.b/": "", "a.c": ""}, "a.b")],
    undescribed_modules: [({"lambdas.a": '"""TODO: it."""'}, "lambdas.a"), ({"infra.a/": "x = 1"}, "infra.a")],
    impure_modules: [
        (
            {"lambdas.capacity.a.b": "import lambdas.load.c", "lambdas.load.c": "def f():\n  import time"},
            "lambdas.load.c",
        ),
        ({"lambdas.planning.a": "from os import environ"}, "lambdas.planning.a"),
        ({"lambdas/": "import boto3", "lambdas.experiments.a": ""}, "lambdas, which imports boto3"),
        ({"lambdas.reports.page.a": "import pydantic"}, "lambdas.reports.page.a"),
    ],
}


@pytest.fixture(scope="module")
def modules() -> Modules:
    return repository()


@pytest.mark.parametrize("rule", RULES)
def test_the_repository_keeps(rule: Callable[[Modules], Iterator[str]], modules: Modules) -> None:
    assert list(rule(modules)) == []


@pytest.mark.parametrize(
    ("rule", "texts", "found"),
    [(rule, texts, found) for rule, cases in COUNTER_EXAMPLES.items() for texts, found in cases],
)
def test_a_rule_sees_what_breaks_it(
    rule: Callable[[Modules], Iterator[str]], texts: dict[str, str], found: str
) -> None:
    broken = list(rule(by_name(Module(name.rstrip("/"), text, name.endswith("/")) for name, text in texts.items())))

    assert any(each.startswith(found) or found in each for each in broken), broken


def test_contributing_lists_the_rooms_of_the_lambdas_from_the_top_down(modules: Modules) -> None:
    tree = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("\nlambdas/handlers/")[2].partition("\niu_tuner/")[0]
    listed = ["handlers", *re.findall(r"^ {8}(\w+)/", tree, re.MULTILINE)]

    packages = [room.removeprefix("lambdas.") for room in ROOMS if room in modules and modules[room].is_package]
    assert listed == [package for package in packages if "." not in package and package != "lambdas"]
