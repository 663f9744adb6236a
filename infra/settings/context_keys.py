"""Refuses unknown keys of the CDK context, and suggests known keys that look alike.

A key that is not read would be ignored without notice: a mistyped permissions boundary would bound nothing.
"""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

# Found by trial: 0.6 (also difflib's default) still finds `kmsKey` and `subnets`, but nothing for `region` or `stage`.
_NEAR_ENOUGH = 0.6
_AS_NEAR = 0.1
_MAX_SUGGESTED = 3


class UnknownKeys(ValueError):
    """The context has unknown keys; nothing was synthesized."""

    def __init__(self, unknown: Iterable[str], known: Iterable[str]) -> None:
        meant = {key: nearest(key, known) for key in unknown}
        if len(meant) == 1:
            ((key, names),) = meant.items()
            sentence = f"no context key `{key}`" + (f"; {_suggestion(names)}" if names else "")
        else:
            sentence = "no context keys " + _joined(
                [f"`{key}`" + (f" ({_suggestion(names)})" if names else "") for key, names in meant.items()], "and"
            )
        if not all(meant.values()):
            sentence += f"; the keys are {_joined([f'`{name}`' for name in known], 'and')}"
        super().__init__(sentence)


def refuse_unknown(context: Iterable[str], known: Iterable[str]) -> None:
    """Refuse unknown keys. Keys with `@` or `:` belong to the CDK (flags, options, lookups) and are ignored.

    Raises:
        UnknownKeys: names all unknown keys, each with the known keys that are most similar.
    """
    names = sorted(known)
    unknown = [key for key in context if key not in names and not re.search("[@:]", key)]
    if unknown:
        raise UnknownKeys(unknown, names)


def nearest(key: str, known: Iterable[str]) -> list[str]:
    """Up to three known keys that are similar to this one, the most similar first."""
    likeness = {name: _likeness(_plain(key), _plain(name)) for name in known}
    best = max(likeness.values(), default=0.0)
    near = [name for name, value in likeness.items() if value >= max(_NEAR_ENOUGH, best - _AS_NEAR)]
    if best == 1.0:
        near = [name for name in near if likeness[name] == 1.0]
    return sorted(near, key=lambda name: -likeness[name])[:_MAX_SUGGESTED]


def _plain(key: str) -> str:
    """The key without case and punctuation: `Model_Arns` and `modelArns` are the same."""
    return re.sub(r"[^a-z0-9]", "", key.lower())


def _likeness(given: str, name: str) -> float:
    """The similarity, 0 to 1. A part of a name counts like one wrong letter: `boundary` is the permissions boundary."""
    is_part = len(given) > 3 and given in name
    return max(SequenceMatcher(None, given, name).ratio(), 0.9 if is_part else 0.0)


def _suggestion(names: list[str]) -> str:
    return f"did you mean {_joined([f'`{name}`' for name in names], 'or')}?"


def _joined(parts: list[str], word: str) -> str:
    *first, last = parts
    return f"{', '.join(first)} {word} {last}" if first else last
