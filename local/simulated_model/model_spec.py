"""The configuration of one simulated model: its capacity and its faults."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from statistics import NormalDist
from typing import Any

from local.simulated_model.answers.outages import mean_share, outages_of

RATE_LIMITERS = ("token_bucket", "fixed_window", "sliding_window")
POOLS = ("executor_pool", "unbounded_queue", "concurrency_limit")
LIMITERS = (*RATE_LIMITERS, *POOLS)
LATENCY_DISTRIBUTIONS = ("lognormal", "gamma")
# The second has the code and the message of the model's own throttles. The third is a ThrottlingException with the
# message "Slow down; sudden increase in rate of requests."
ACCOUNT_ERRORS = ("ThrottlingException", "ProvisionedThroughputExceededException", "SuddenIncrease")


class TruthError(ValueError):
    """A field of a ModelTruth has an invalid value; the message names the field and what it takes."""


def _number(default: Any, what: str, low: float, high: float = math.inf, **flag: Any) -> Any:
    """A field for a number from `low` to `high`; `flag` may hold the name and the factor of its command-line flag."""
    return field(default=default, metadata={"help": what, "low": low, "high": high, **flag})


def _choice(default: str, what: str, choices: tuple[str, ...]) -> Any:
    return field(default=default, metadata={"help": what, "choices": choices})


@dataclass(frozen=True, kw_only=True)
class ModelTruth:
    """One simulated model. Rates are per second and inference unit, times in seconds, shares from 0 to 1.

    Rate limiters count requests, and the cost of an image affects only the latency. Pools admit by free executors:
    the mean service time is `executors / tps_per_iu`, so that executors / mean service time = `tps_per_iu` x
    inference units for images of mean cost 1.
    """

    tps_per_iu: float = _number(5.0, "answers per second and inference unit", 0.01, 100_000)
    unit_efficiency: float = _number(1.0, "what of its rate a unit keeps each time that the units are doubled", 0.1, 1)
    most_units: int = _number(5, "a start with more inference units is refused", 1)
    limiter: str = _choice("token_bucket", "how the model refuses work", LIMITERS)
    burst_s: float = _number(1.0, "token bucket: credit, in seconds of its rate (at least 2 tokens)", 0)
    window_s: float = _number(1.0, "fixed and sliding window: length", 0.001)
    executors: int | None = _number(None, "pools: per inference unit (default: from rate and latency)", 1)
    queue_length: int = _number(4, "executor pool: waiting places per inference unit", 0)
    reject_cost_s: float = _number(0.0, "pools: executor time that a rejection eats", 0)

    latency_mean_s: float = _number(0.18, "mean time to an answer, in ms", 0, flag="--latency-ms", factor=0.001)
    latency_cv: float = _number(0.2, "latency: standard deviation / mean", 0, 10)
    latency_distribution: str = _choice("lognormal", "latency: shape", LATENCY_DISTRIBUTIONS)
    image_cost_cv: float = _number(0.0, "spread of the cost of one image against another", 0, 10)
    image_cost_per_mb: float = _number(0.0, "an image costs so much more for each of its megabytes", 0)
    s3_extra_cost: float = _number(0.0, "an image named in S3 costs this share more than one sent", 0)
    throttle_reply_s: float = _number(0.02, "time to a throttle or an error", 0)

    start_s: float = _number(3.0, "STARTING takes", 0)
    stop_s: float = _number(2.0, "STOPPING takes", 0)
    start_fails: int = _number(0, "so many starts end in FAILED", 0)
    failed_for_good: bool = field(default=False, metadata={"help": "a model that is FAILED refuses to be started"})
    start_hangs: int = _number(0, "so many starts hang in STARTING", 0)
    start_hang_s: float = _number(3600.0, "a start that hangs is FAILED after", 0)
    lost_replies: int = _number(0, "so many starts, and as many stops, happen but are never answered", 0)
    stop_fails: int = _number(0, "so many stops answer InternalServerError and do nothing", 0)
    lost_after_s: float | None = _number(None, "the model stops by itself so long after RUNNING", 0)

    lost_after_answers: int | None = _number(None, "the model stops by itself after so many answers, once", 1)
    random_500_share: float = _number(0.0, "share of requests answered InternalServerError", 0, 1)
    reset_share: float = _number(0.0, "share of requests whose connection is reset", 0, 1)
    hang_share: float = _number(0.0, "share of requests never answered", 0, 1)
    s3_throttle_share: float = _number(0.0, "share of S3 images answered 'S3 download limit exceeded.'", 0, 1)
    account_tps: float | None = _number(None, "account cap, answered with account_error", 0.01)
    account_error: str = _choice("ThrottlingException", "what the account cap answers", ACCOUNT_ERRORS)
    other_client_share: float = _number(0.0, "share of the capacity that another client asks for", 0, 0.99)
    autoscale_after_s: float | None = _number(None, "one more inference unit after so long a throttling", 0)
    autoscale_always: bool = field(
        default=False, metadata={"help": "scale (up to 5 units) even if started without MaxInferenceUnits"}
    )
    drift_amplitude: float = _number(0.0, "capacity swings by this share, up and down", 0, 0.95)
    drift_period_s: float = _number(60.0, "length of a swing", 0.1)
    outage: str | None = field(
        default=None,
        metadata={
            "help": "FROM:TO:SHARE,…: the share of its capacity between two times, in seconds after RUNNING",
            "parse": outages_of,
        },
    )
    seed: int = _number(0, "of everything random", 0)

    def __post_init__(self) -> None:
        """Check each field, then the rules between fields. Raises TruthError."""
        for each in fields(self):
            _check(each.name, getattr(self, each.name), each.default, each.metadata)
        shares = self.random_500_share + self.reset_share + self.hang_share
        if shares > 1:
            raise TruthError(f"random_500_share + reset_share + hang_share: got {shares}, takes at most 1")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> "ModelTruth":
        """Read the truth from JSON values by field name. Raises TruthError for an unknown field."""
        refuse_unknown(cls, values, "field of a model's truth")
        return cls(**values)

    @property
    def is_pool(self) -> bool:
        """Whether the capacity is executors / service time instead of a counted rate."""
        return self.limiter in POOLS

    @property
    def executors_per_iu(self) -> int:
        """A pool's executors per inference unit: as given, or so that the service time is nearest the mean latency."""
        return self.executors or max(1, round(self.tps_per_iu * self.latency_mean_s))

    @property
    def mean_service_s(self) -> float:
        """The mean service time of an image of cost 1, in seconds, without queueing."""
        return self.executors_per_iu / self.tps_per_iu if self.is_pool else self.latency_mean_s

    def true_tps(self, inference_units: int, mean_image_cost: float = 1.0) -> float:
        """The long-run successes per second of a client, which a measurement should find.

        `mean_image_cost` is the mean cost of the images sent, each equally often. It divides the capacity of a pool
        and does not affect a rate limiter. The share of another client is subtracted, although a client that
        saturates the limiter can take some of it. Drift counts with its mean, random errors cost no capacity, and
        autoscaling is ignored.
        """
        tps = self.tps_per_iu * inference_units * self.unit_share(inference_units)
        tps *= 1.0 - self.other_client_share
        if self.is_pool:
            tps /= mean_image_cost
        return tps if self.account_tps is None else min(tps, self.account_tps)

    def unit_share(self, inference_units: int) -> float:
        """The share of its rate that each unit keeps with this number of units; 1 if capacity grows in proportion."""
        return math.pow(self.unit_efficiency, math.log2(inference_units))

    def speed_at(self, now_s: float) -> float:
        """The factor of the drift on the capacity at a time; its mean over a period is 1."""
        return 1.0 + self.drift_amplitude * math.sin(self._drift_angle(now_s))

    def mean_speed(self, from_s: float, to_s: float) -> float:
        """The mean factor of the drift between two times, which gives the truth of a test between them."""
        if self.drift_amplitude == 0.0 or to_s <= from_s:
            return self.speed_at(from_s)
        turned = math.cos(self._drift_angle(from_s)) - math.cos(self._drift_angle(to_s))
        return 1.0 + self.drift_amplitude * turned * self.drift_period_s / (2 * math.pi * (to_s - from_s))

    def mean_outage(self, from_s: float, to_s: float) -> float:
        """The mean factor of the outages on the capacity between two times, in seconds after RUNNING."""
        return mean_share(outages_of(self.outage), from_s, to_s)

    def image_cost(self, content_sha256: bytes, size_bytes: int = 0, *, by_s3: bool = False) -> float:
        """The cost factor of an image: random by its content, larger with its size and if it is read from S3."""
        grown = (1 + self.image_cost_per_mb * size_bytes / 1e6) * (1 + self.s3_extra_cost * by_s3)
        return grown * self._content_cost(content_sha256)

    def _content_cost(self, content_sha256: bytes) -> float:
        """The cost factor by content: lognormal with mean 1 over all images."""
        if self.image_cost_cv == 0.0:
            return 1.0
        quantile = (int.from_bytes(content_sha256[:6], "big") + 0.5) / 2**48
        sigma = math.sqrt(math.log1p(self.image_cost_cv**2))
        return math.exp(NormalDist().inv_cdf(quantile) * sigma - sigma**2 / 2)

    def _drift_angle(self, now_s: float) -> float:
        # The golden ratio distributes the phases of consecutive seeds evenly.
        return 2 * math.pi * (now_s / self.drift_period_s + self.seed * 0.6180339887498949 % 1.0)


def refuse_unknown(kind: type[Any], values: Mapping[str, Any], thing: str) -> None:
    """Raises TruthError for the first name that is not a field of the dataclass `kind`."""
    unknown = sorted(set(values) - {each.name for each in fields(kind)})
    if unknown:
        raise TruthError(f"{unknown[0]}: no such {thing}")


def _check(name: str, value: Any, default: Any, takes: Mapping[str, Any]) -> None:
    if "choices" in takes:
        if value not in takes["choices"]:
            raise TruthError(f"{name}: got {value!r}, takes one of {', '.join(takes['choices'])}")
    elif "parse" in takes:
        try:
            takes["parse"](value)
        except (ValueError, AttributeError) as error:
            raise TruthError(f"{name}: {error}") from error
    elif "low" not in takes:
        if not isinstance(value, bool):
            raise TruthError(f"{name}: got {value!r}, takes true or false")
    elif value is not None or default is not None:
        whole = ModelTruth.__annotations__[name] in (int, int | None)
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            raise TruthError(f"{name}: got {value!r}, takes a {'whole ' if whole else ''}number")
        if not (math.isfinite(value) and takes["low"] <= value <= takes["high"]):
            raise TruthError(f"{name}: got {value!r}, takes {takes['low']} to {takes['high']}")
