"""Rules about the label attributes of one line: a value, and an `<attribute>-metadata` with a type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from iu_tuner.contract.input_errors import quoted
from iu_tuner.vision.formats.files import is_number
from iu_tuner.vision.formats.manifest import BOXES, WHOLE_IMAGE
from iu_tuner.vision.manifest.boxes import MAX_BOXES, METADATA, VALUE, Fault, box_classes, box_faults, name_faults

METADATA_SUFFIX = "-metadata"
MASKS = "groundtruth/semantic-segmentation"
ANOMALY_CLASSES = {"normal", "anomaly"}  # Lookout for Vision's only two
_NO_LABELS = ("source-ref", "warnings", "errors")  # the service adds the last two


def attribute_types(line: dict[str, Any]) -> dict[str, str]:
    """The label attributes of a line that have a value and a type, with the type, whatever it is."""
    types = {}
    for name in line:
        metadata = line.get(name + METADATA_SUFFIX)
        if isinstance(metadata, dict) and isinstance(kind := metadata.get("type"), str):
            types[name] = kind
    return types


def label_names(line: dict[str, Any], kinds: dict[str, str]) -> set[str]:
    """The names of the classes that a line's image has; `kinds` are its attributes as of `attribute_types`."""
    names: set[str] = set()
    for name, kind in kinds.items():
        metadata = line[name + METADATA_SUFFIX]
        if kind == BOXES:
            names.update(box_classes(line[name], metadata))
        elif kind == WHOLE_IMAGE and isinstance(class_name := metadata.get("class-name"), str):
            names.add(class_name)
    return names


def is_anomaly_line(names: set[str], kinds: dict[str, str]) -> bool:
    """Whether the line is one for Lookout for Vision: its image is normal or anomalous, and has no boxes."""
    return bool(names) and names <= ANOMALY_CLASSES and BOXES not in kinds.values()


def attribute_faults(line: dict[str, Any], kinds: dict[str, str], names: set[str]) -> Iterator[Fault]:
    """The faults of a line's label attributes; `kinds` and `names` as of `attribute_types` and `label_names`."""
    untyped_faults = list(_untyped_faults(line, kinds))
    if not kinds and not untyped_faults:
        yield from _no_attribute_faults(line)
        return
    yield from untyped_faults
    yield from _incomplete_faults(line)
    counts = []
    for name, kind in kinds.items():
        value, metadata = line[name], line[name + METADATA_SUFFIX]
        if kind == BOXES:
            yield from box_faults(name, value, metadata)
            annotations = value.get("annotations") if isinstance(value, dict) else None
            counts.append(len(annotations) if isinstance(annotations, list) else 0)
            if isinstance(value, dict) and not value.get("annotations"):
                yield "WARNING_NO_ATTRIBUTE_ANNOTATIONS", f"{name} has no annotations"
        elif kind == WHOLE_IMAGE:
            yield from _class_faults(name, value, metadata)
        elif not (kind == MASKS and is_anomaly_line(names, kinds)):
            valid_types = f"{WHOLE_IMAGE} or {BOXES}"
            yield (
                "ERROR_UNSUPPORTED_USE_CASE_TYPE",
                f"{name}{METADATA_SUFFIX}.type takes {valid_types}; got {quoted(kind)}",
            )
        yield from _common_faults(name, metadata)
    if sum(counts) > MAX_BOXES:
        yield "ERROR_TOO_MANY_BOUNDING_BOXES", f"the image has {sum(counts)} boxes; takes at most {MAX_BOXES}"
    if counts and len(counts) == len(kinds) and not sum(counts) and all(_is_empty(line[name]) for name in kinds):
        yield "WARNING_NO_ANNOTATIONS", "the image has no boxes, and is not trained on"


def _is_empty(value: Any) -> bool:
    return isinstance(value, dict) and not value.get("annotations")


def _no_attribute_faults(line: dict[str, Any]) -> Iterator[Fault]:
    members = line.items()
    incomplete = [
        key
        for key, value in members
        if key not in _NO_LABELS
        and (not key.endswith(METADATA_SUFFIX) or (isinstance(value, dict) and "type" in value))
    ]
    if incomplete:
        sentence = f"{', '.join(incomplete)}: a label attribute has a value, and {METADATA_SUFFIX} of the same name"
        yield "ERROR_NO_LABEL_ATTRIBUTES", sentence
    else:
        yield "WARNING_UNANNOTATED_RECORD", "the image has no labels, and is not trained on"


def _untyped_faults(line: dict[str, Any], kinds: dict[str, str]) -> Iterator[Fault]:
    """Values whose metadata have no type."""
    for key, metadata in line.items():
        name = key.removesuffix(METADATA_SUFFIX)
        if key.endswith(METADATA_SUFFIX) and name in line and name not in kinds and name != "source-ref":
            wrong_type = metadata.get("type") if isinstance(metadata, dict) else metadata
            yield METADATA, f"{key} takes an object with a type; got {quoted(wrong_type)}"


def _incomplete_faults(line: dict[str, Any]) -> Iterator[Fault]:
    """Metadata without a value and boxes without metadata, beside other label attributes."""
    for key, value in line.items():
        if not isinstance(value, dict):
            continue
        if key.endswith(METADATA_SUFFIX):
            if "type" in value and (name := key.removesuffix(METADATA_SUFFIX)) not in line:
                yield VALUE, f"{key} is there, and no {name}"
        elif "annotations" in value and key + METADATA_SUFFIX not in line:
            yield METADATA, f"{key} has boxes, and there is no {key}{METADATA_SUFFIX}"


def _class_faults(name: str, value: Any, metadata: dict[str, Any]) -> Iterator[Fault]:
    if isinstance(value, list) and "class-map" in metadata:
        sentence = f"{name} has several labels in one list: give each an attribute of its own"
        yield "ERROR_NO_VALID_LABEL_ATTRIBUTES", sentence
        return
    if not (isinstance(value, int) and not isinstance(value, bool)) and not (
        isinstance(value, str) and value.isdecimal()
    ):
        yield VALUE, f"{name} takes a whole number; got {quoted(value)}"
    class_name, confidence = metadata.get("class-name"), metadata.get("confidence", 0)
    if not isinstance(class_name, str):
        yield METADATA, f"{name}{METADATA_SUFFIX}.class-name takes a text; got {quoted(class_name)}"
    else:
        yield from name_faults(f"{name}{METADATA_SUFFIX}.class-name", [class_name])
    if not is_number(confidence) or not 0 <= confidence <= 1:
        yield METADATA, f"{name}{METADATA_SUFFIX}.confidence takes 0 to 1; got {quoted(confidence)}"


def _common_faults(name: str, metadata: dict[str, Any]) -> Iterator[Fault]:
    human_annotated, creation_date = metadata.get("human-annotated", "yes"), metadata.get("creation-date", "")
    if human_annotated not in ("yes", "no"):
        yield METADATA, f'{name}{METADATA_SUFFIX}.human-annotated takes "yes" or "no"; got {quoted(human_annotated)}'
    if not isinstance(creation_date, str):
        yield METADATA, f"{name}{METADATA_SUFFIX}.creation-date takes a text; got {quoted(creation_date)}"
