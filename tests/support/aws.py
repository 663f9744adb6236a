"""The instrumented embedded AWS."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from local.embedded_aws import EmbeddedAws, embedded_aws

_PROGRAM = Path(__file__).with_name("instrumented_ministack.py")


@contextlib.contextmanager
def instrumented_aws(journal: Path, **options: str) -> Iterator[EmbeddedAws]:
    """`embedded_aws`, with its calls and faults written to `journal`, and patient with a busy machine."""
    with embedded_aws(program=[str(_PROGRAM)], INSTRUMENTED_LOG=str(journal), **options) as aws:
        yield aws
