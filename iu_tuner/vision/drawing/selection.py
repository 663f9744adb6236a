"""Chooses which labels of a result are shown: by threshold and by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from iu_tuner.vision.formats.labels import Label


@dataclass(frozen=True)
class Selection:
    """`threshold` (0 to 100) is for every label but those of `by_label`; `names` are those shown, or all if empty."""

    threshold: float = 0.0
    by_label: Mapping[str, float] = field(default_factory=dict)
    names: Collection[str] = ()

    def of(self, labels: Sequence[Label]) -> tuple[Label, ...]:
        """The labels whose confidence is at least their threshold."""
        return tuple(label for label in self.named(labels) if label.confidence >= self.threshold_of(label.name))

    def named(self, labels: Sequence[Label]) -> tuple[Label, ...]:
        """The labels of these names, of any confidence."""
        return tuple(label for label in labels if not self.names or label.name in self.names)

    def threshold_of(self, name: str) -> float:
        """The threshold of a label."""
        return self.by_label.get(name, self.threshold)
