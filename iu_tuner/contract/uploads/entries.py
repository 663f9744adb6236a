"""Checks the entries of `inference` against each other, and against the prefixes of `uploadTriggers`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.input_errors import wrong_value
from iu_tuner.contract.model_arn import service_of
from iu_tuner.contract.names import MASK_SUFFIX
from iu_tuner.contract.uploads.entry import InferenceEntry


def check_entries(entries: Sequence[InferenceEntry], trigger_prefixes: Iterable[str] = ()) -> None:
    """Check that each upload belongs to one entry, and that no result is taken for an upload.

    Raises:
        InvalidInput: names the entry by its number, the field, what it got and what it takes.
    """
    numbered = list(enumerate(entries))
    for (first, entry), (second, other) in combinations(numbered, 2):
        if _overlap(entry.prefix, other.prefix):
            valid_values = f"a prefix apart from that of [{first}], which is {entry.prefix}"
            raise InvalidInput(wrong_value(f"[{second}].prefix", other.prefix, valid_values))
        for name, field in (("queue_name", "queueName"), ("key_alias", "kmsKeyAlias")):
            value, other_value = getattr(entry, name), getattr(other, name)
            if value is not None and value == other_value:
                raise InvalidInput(wrong_value(f"[{second}].{field}", other_value, f"another name than [{first}] has"))
    for number, entry in numbered:
        _check_results(number, entry, entries)
        for prefix in trigger_prefixes:
            if _overlap(entry.prefix, prefix):
                valid_values = f"a prefix apart from those of uploadTriggers, one of which is {prefix}"
                raise InvalidInput(wrong_value(f"[{number}].prefix", entry.prefix, valid_values))


def _check_results(number: int, entry: InferenceEntry, entries: Sequence[InferenceEntry]) -> None:
    """Check that no entry takes a result for an upload: by their suffixes, as results lie anywhere."""
    result_prefix = (entry.results.prefix or "") + entry.prefix
    for other in (each for each in entries if _overlap(result_prefix, each.prefix)):
        for suffix in other.suffixes:
            if _may_end_alike(entry.results.suffix, suffix):
                uploads = f'uploads with "{suffix}"'
                valid_values = f"an end that no image has: results under {result_prefix} would be taken for {uploads}"
                raise InvalidInput(wrong_value(f"[{number}].results.suffix", entry.results.suffix, valid_values))
            has_masks, knows_masks = (service_of(each.model_arn).has_masks for each in (entry, other))
            if has_masks and not knows_masks and _may_end_alike(MASK_SUFFIX, suffix):
                valid_values = f'a place apart from {other.prefix}: masks would be taken for uploads with "{suffix}"'
                raise InvalidInput(wrong_value(f"[{number}].results.prefix", entry.results.prefix, valid_values))


def _may_end_alike(one: str, other: str) -> bool:
    """The longer end decides: `.json` never ends in `.jpg`, and `g` may be the end of `x.jpg`."""
    first, second = one.lower(), other.lower()
    return first.endswith(second) or second.endswith(first)


def _overlap(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
