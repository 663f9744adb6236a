"""How executions end: as AWS's do, and in silence where their names say so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonata
from ministack.services import stepfunctions

from tests.support.journal import replace
from tests.support.named_faults import SILENT_SUFFIX


def patch_endings() -> None:
    """From now on an ended execution stays as it ended."""
    replace(stepfunctions, "_fail_execution", _once_only)
    replace(stepfunctions, "_emit_execution_status_event", _unless_silent)
    replace(jsonata.Jsonata, "jsonata", _without_hurry)


def _once_only(fail_execution: Callable[..., Any]) -> Callable[..., Any]:
    """What was aborted or timed out stays so, whatever its states still do."""

    def fail(execution: dict[str, Any], error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            fail_execution(execution, error, cause)

    return fail


def _unless_silent(emit: Callable[..., Any]) -> Callable[..., Any]:
    def emit_status(execution: dict[str, Any]) -> None:
        if not str(execution["name"]).endswith(SILENT_SUFFIX):
            emit(execution)

    return emit_status


def _without_hurry(parse: Callable[..., Any]) -> Callable[..., Any]:
    """A second of wall-clock time for an expression is AWS's limit, not that of a busy machine with two cores."""
    return lambda expression, timeout=1000: parse(expression, timeout=60 * timeout)
