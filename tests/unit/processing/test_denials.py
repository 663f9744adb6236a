"""A missing right shows in the first answers, and one refused key is no missing right."""

from __future__ import annotations

import pytest

from iu_tuner.contract.errors import AccessDenied
from lambdas.processing.denials import MAX_REFUSALS, Denials


def test_nothing_but_refusals_end_the_work() -> None:
    denials = Denials()
    for _ in range(MAX_REFUSALS - 1):
        denials.record_refusal("the write of a.json", "Access Denied")

    with pytest.raises(AccessDenied, match=r"the write of b.json was refused \(Access Denied\) - grant this"):
        denials.record_refusal("the write of b.json", "Access Denied")


def test_refusals_beside_a_success_are_those_of_single_images() -> None:
    denials = Denials()
    denials.record_success()

    for _ in range(3 * MAX_REFUSALS):
        denials.record_refusal("the write of a.json", "Access Denied")
