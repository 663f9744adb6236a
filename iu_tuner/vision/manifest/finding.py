"""What is wrong with a manifest: a line, a code and a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from iu_tuner.formats import one_line

WHOLE_FILE = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of line `line`, counted from 1; WHOLE_FILE is no line's alone.

    `code` is spelled as in the service's guide (Custom Labels, "Debugging a failed model training" and "Debugging
    datasets"). The guide has no code for an image that is there twice: ERROR_DUPLICATE_SOURCE_REF is this package's.
    """

    line: int
    code: str
    sentence: str

    @property
    def is_error(self) -> bool:
        """Whether the service refuses the line or the file; a warning's line is taken, and may not be trained on."""
        return self.code.startswith("ERROR_")

    def __str__(self) -> str:
        return f"{self.line}: {self.code}: {one_line(self.sentence)}"
