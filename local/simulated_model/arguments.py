"""Command-line flags for a ModelTruth: one per field."""

import argparse
from dataclasses import Field, fields, replace
from typing import Any

from local.simulated_model.model_spec import ModelTruth, TruthError

DEFAULTS = ModelTruth()


def add_truth_arguments(parser: argparse.ArgumentParser, defaults: ModelTruth = DEFAULTS) -> None:
    """Add a flag for every field: `tps_per_iu` is `--tps-per-iu`, `start_s` is `--start-seconds`."""
    group = parser.add_argument_group("the simulated model's truth")
    for each in fields(ModelTruth):
        shown = _help(each, getattr(defaults, each.name))
        takes: dict[str, Any] = {"dest": f"truth_{each.name}", "default": None, "help": shown}
        if "choices" in each.metadata:
            takes["choices"] = each.metadata["choices"]
        elif each.type in (int, int | None):
            takes.update(type=int, metavar="N")
        elif "parse" in each.metadata:
            takes["metavar"] = "TEXT"
        elif each.type is bool:
            takes["action"] = argparse.BooleanOptionalAction
        else:
            takes.update(type=float, metavar="X")
        group.add_argument(_flag(each), **takes)


def truth_from_arguments(arguments: argparse.Namespace, defaults: ModelTruth = DEFAULTS) -> ModelTruth:
    """The truth from the flags, with `defaults` for the others. TruthError names the flag of a bad value."""
    values = {}
    for each in fields(ModelTruth):
        value = getattr(arguments, f"truth_{each.name}")
        if value is not None:
            values[each.name] = value * each.metadata["factor"] if "factor" in each.metadata else value
    try:
        return replace(defaults, **values)
    except TruthError as error:
        name, _, rest = str(error).partition(": ")
        flags = {each.name: _flag(each) for each in fields(ModelTruth)}
        raise TruthError(f"{flags.get(name, name)}: {rest}") from error


def _flag(each: Field[Any]) -> str:
    name: str = each.metadata.get("flag") or each.name
    if name.endswith("_s"):
        name = f"{name.removesuffix('_s')}_seconds"
    return name if name.startswith("--") else f"--{name.replace('_', '-')}"


def _help(each: Field[Any], default: Any) -> str:
    if default is None:
        return str(each.metadata["help"])
    shown = default / each.metadata["factor"] if "factor" in each.metadata else default
    return (
        f"{each.metadata['help']} (default: {shown:g})"
        if not isinstance(default, (str, bool))
        else f"{each.metadata['help']} (default: {shown})"
    )
