"""An execution's name alone says what breaks in it."""

import pytest

from tests.support.named_faults import KINDS, NamedFault, fault_named


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", ["", "-restore", "-2-norule"])
def test_state_and_kind_are_read_from_the_name(kind: str, suffix: str) -> None:
    assert fault_named(f"PlanStep-{kind}{suffix}") == NamedFault("PlanStep", kind)


@pytest.mark.parametrize("name", ["token-bucket", "PlanStep", "PlanStep-slow", "x-PlanStep-aborted", "restore", None])
def test_any_other_name_breaks_nothing(name: object) -> None:
    assert fault_named(name) is None
