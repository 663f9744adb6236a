"""What an outcome means for its image."""

import pytest

from lambdas.models.outcomes import ACCEPTED, ACCOUNT_LIMITS, CONNECTION_LOST, DENIED, S3_LIMIT, THROTTLED, TIMED_OUT
from lambdas.models.rekognition.facts import FACTS
from lambdas.processing.outcomes import LAG_S, Outcome, Rules, Tries

RULES = Rules(FACTS, max_attempts=3)
LAGGING = "InvalidS3ObjectException"


def after(*outcomes: str, every_s: float = 1.0) -> tuple[Outcome | None, Tries]:
    ended, tries = None, Tries()
    for number, outcome in enumerate(outcomes):
        assert ended is None
        ended, tries = RULES.after(outcome, tries, 1000 + number * every_s)
    return ended, tries


@pytest.mark.parametrize("outcome", [THROTTLED, S3_LIMIT, *ACCOUNT_LIMITS, "ResourceNotReadyException"])
def test_a_limit_or_a_model_that_is_gone_is_no_attempt(outcome):
    assert after(*[outcome] * 50) == (None, Tries())
    assert after(*[outcome] * 50, ACCEPTED) == (Outcome.DONE, Tries(1))


@pytest.mark.parametrize("outcome", [TIMED_OUT, CONNECTION_LOST, "InternalServerError", "HTTP503", DENIED, "NewError"])
def test_a_temporary_error_fails_an_image_after_its_attempts(outcome):
    assert after(outcome) == (None, Tries(1, not_before=1000 + 1))
    assert after(outcome, outcome) == (None, Tries(2, not_before=1001 + 2))
    assert after(outcome, outcome, ACCEPTED) == (Outcome.DONE, Tries(3))
    assert after(outcome, outcome, outcome)[0] is Outcome.FAILED
    assert not RULES.is_permanent(outcome)


@pytest.mark.parametrize("outcome", sorted(FACTS.image_refusals - {LAGGING}))
def test_a_refused_image_fails_at_once(outcome):
    ended, tries = after(outcome)

    assert (ended, tries.attempts) == (Outcome.FAILED, 1)
    assert RULES.is_permanent(outcome)


def test_an_object_that_s3_does_not_show_yet_gets_time():
    assert after(LAGGING) == (None, Tries(1, not_before=1000 + LAG_S, lagging_since=1000))
    assert after(LAGGING, LAGGING, every_s=LAG_S)[0] is Outcome.FAILED
    assert after(LAGGING, ACCEPTED)[0] is Outcome.DONE
    # However often it is asked before that time.
    assert after(*[LAGGING] * 30)[0] is None
    assert after(*[LAGGING] * 31)[0] is Outcome.FAILED
