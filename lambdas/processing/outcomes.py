"""What the outcome of a request means for its image: done, failed, or to be sent again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from iu_tuner.contract.detections import ListedImage
from lambdas.models.facts import ServiceFacts
from lambdas.models.outcomes import ACCEPTED, ACCOUNT_LIMITS, MODEL_GONE, S3_LIMIT, THROTTLED

# No attempts at an image: limits, and a model that does not run. Such an image waits, however long that takes.
NO_ATTEMPT = frozenset({THROTTLED, S3_LIMIT, *ACCOUNT_LIMITS}) | MODEL_GONE
MAX_ATTEMPTS = 5
LAG_S = 30.0  # seconds after which S3 shows a new object to the service, too
MAX_BACKOFF_S = 30.0  # after a temporary error: 1, 2, 4, … seconds

INVALID_ANSWER = "InvalidAnswer"  # an accepted request with a body that is no answer of the service


class Outcome(Enum):
    """How the work with an image ended."""

    CURRENT = "current"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Tries:
    """The requests for one image that count as attempts.

    `not_before` is the time (epoch seconds) from which another request makes sense, and `lagging_since` that of the
    first reply by which S3 did not show the object.
    """

    attempts: int = 0
    not_before: float = 0.0
    lagging_since: float | None = None


NO_TRIES = Tries()


@dataclass(frozen=True)
class Failure:
    """An image without a result. One that is not `permanent` may succeed in a later run."""

    image: ListedImage
    error: str
    message: str
    attempts: int
    permanent: bool

    def to_json(self) -> dict[str, Any]:
        """The failure as JSON values."""
        error = {"error": self.error, "message": self.message, "attempts": self.attempts}
        return {"key": self.image.key, **error, "permanent": self.permanent}


@dataclass(frozen=True)
class Rules:
    """The meaning of a service's outcomes. A temporary error fails the image after `max_attempts` attempts."""

    service: ServiceFacts
    max_attempts: int = MAX_ATTEMPTS

    def after(self, outcome: str, tries: Tries, now: float) -> tuple[Outcome | None, Tries]:
        """The image's outcome after that of a request at `now` (epoch seconds), and the tries with this one.

        Without an outcome the image is sent again.
        """
        if outcome in NO_ATTEMPT:
            return None, tries
        attempts = tries.attempts + 1
        if outcome == ACCEPTED:
            return Outcome.DONE, Tries(attempts)
        if outcome in self.service.lagging_refusals:
            lagging_since = now if tries.lagging_since is None else tries.lagging_since
            is_over = tries.lagging_since is not None and now >= lagging_since + LAG_S
            return (Outcome.FAILED if is_over else None), Tries(attempts, lagging_since + LAG_S, lagging_since)
        is_last = self.is_permanent(outcome) or attempts >= self.max_attempts
        next_at = now + min(MAX_BACKOFF_S, 2.0 ** (attempts - 1))
        return (Outcome.FAILED if is_last else None), Tries(attempts, next_at, tries.lagging_since)

    def is_permanent(self, outcome: str) -> bool:
        """Whether the image is the cause, so that a later run would have the same outcome."""
        return outcome in self.service.image_refusals
