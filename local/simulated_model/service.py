"""The data plane of one running model, in explicit time: it takes offers and returns answers with their times."""

import math
from random import Random
from typing import Literal, NamedTuple

from local.simulated_model.answers.outages import outages_of, share_at
from local.simulated_model.limiters import ExecutorPool, FixedWindow, Limiter, SlidingWindow, TokenBucket
from local.simulated_model.model_spec import ModelTruth

AnswerKind = Literal["accepted", "throttled", "account_throttled", "error500", "reset", "hang"]

# Seconds after which a hanging request is cut, unless the client has given up before.
HANG_S = 60.0
# Throttling is continuous as long as the pauses between throttles are at most this long.
CALM_S = 2.0
# After a longer pause only the last requests of the other client, in this time, affect the limiter's state.
OTHER_CLIENT_MEMORY_S = 60.0


class Answer(NamedTuple):
    """The outcome of one offer and its time (seconds, on the clock of the offers)."""

    kind: AnswerKind
    ready_s: float


class SimulatedService:
    """One model that is RUNNING with a number of inference units. The same truth and offers give the same answers.

    Random errors and the account's quota are decided before the limiter, and use none of its capacity.
    """

    def __init__(
        self,
        truth: ModelTruth,
        inference_units: int = 1,
        max_inference_units: int | None = None,
        running_since_s: float = 0.0,
    ) -> None:
        self.truth = truth
        self._running_since_s = running_since_s
        self._outages = outages_of(truth.outage)
        self.inference_units = inference_units
        self.unit_changes: list[tuple[float, int]] = []
        self.units_at_start = inference_units
        self._max_units = _max_units(truth, inference_units, max_inference_units)
        self._random = Random(truth.seed)
        self._limiter = make_limiter(truth, inference_units)
        self._limiter.scale = truth.unit_share(inference_units)
        self._account = _account_limiter(truth)
        is_alike = truth.account_error == "ProvisionedThroughputExceededException"
        self._account_answer: AnswerKind = "throttled" if is_alike else "account_throttled"
        self._sigma = math.sqrt(math.log1p(truth.latency_cv**2))
        self._mean_service_s = truth.mean_service_s
        self._fault_share = truth.random_500_share + truth.reset_share + truth.hang_share
        self._other_tps = truth.other_client_share * truth.tps_per_iu * inference_units
        self._other_tps *= truth.unit_share(inference_units)
        self._other_random = Random(f"{truth.seed}/other client")
        self._other_next_s: float | None = None
        self._throttling_since_s = self._throttled_at_s = -math.inf

    def offer(self, now_s: float, image_cost: float = 1.0) -> Answer:
        """Offer one request at `now_s`, which must not be earlier than the last offer, with an image of this cost."""
        truth = self.truth
        if self._fault_share:
            fault = self._fault(now_s)
            if fault is not None:
                return fault
        if self._account is not None and self._account.offer(now_s, 0.0) is None:
            return Answer(self._account_answer, now_s + truth.throttle_reply_s)
        if truth.drift_amplitude or self._outages:
            self._set_scale(now_s)
        if self._other_tps:
            self._let_other_client_offer(now_s)
        ready_s = self._limiter.offer(now_s, self._service_s(self._random) * image_cost)
        if ready_s is not None:
            return Answer("accepted", ready_s)
        if truth.autoscale_after_s is not None:
            self._autoscale(now_s, truth.autoscale_after_s)
        return Answer("throttled", now_s + truth.throttle_reply_s)

    def true_tps(self, mean_image_cost: float = 1.0) -> float:
        """`ModelTruth.true_tps` with the current inference units."""
        return self.truth.true_tps(self.inference_units, mean_image_cost)

    def _service_s(self, random: Random) -> float:
        if self._sigma == 0.0:
            return self._mean_service_s
        if self.truth.latency_distribution == "gamma":
            variance = self.truth.latency_cv**2
            return self._mean_service_s * random.gammavariate(1.0 / variance, variance)
        return self._mean_service_s * math.exp(random.gauss(-(self._sigma**2) / 2, self._sigma))

    def _fault(self, now_s: float) -> Answer | None:
        truth = self.truth
        draw = self._random.random()
        if draw >= self._fault_share:
            return None
        if draw < truth.random_500_share:
            return Answer("error500", now_s + truth.throttle_reply_s)
        if draw < truth.random_500_share + truth.reset_share:
            return Answer("reset", now_s + truth.throttle_reply_s)
        return Answer("hang", now_s + HANG_S)

    def _let_other_client_offer(self, now_s: float) -> None:
        """Offer the other client's Poisson requests up to `now_s` to the same limiter, without retries."""
        next_s = now_s if self._other_next_s is None else self._other_next_s
        next_s = max(next_s, now_s - OTHER_CLIENT_MEMORY_S)
        while next_s <= now_s:
            self._limiter.offer(next_s, self._service_s(self._other_random))
            next_s += self._other_random.expovariate(self._other_tps)
        self._other_next_s = next_s

    def _autoscale(self, now_s: float, after_s: float) -> None:
        if now_s - self._throttled_at_s > CALM_S:
            self._throttling_since_s = now_s
        self._throttled_at_s = now_s
        if now_s - self._throttling_since_s < after_s or self.inference_units >= self._max_units:
            return
        self.inference_units += 1
        self.unit_changes.append((now_s, self.inference_units))
        self._throttling_since_s = now_s
        if isinstance(self._limiter, ExecutorPool):
            self._limiter.add_executors(self.truth.executors_per_iu, now_s)
            if self._limiter.queue_length:
                self._limiter.queue_length += self.truth.queue_length
        self._set_scale(now_s)

    def _set_scale(self, now_s: float) -> None:
        # A pool has got executors of the same speed; a counted rate is scaled with the units.
        growth = 1.0 if self.truth.is_pool else self.inference_units / self.units_at_start
        speed = self.truth.speed_at(now_s) * share_at(self._outages, now_s - self._running_since_s)
        self._limiter.scale = speed * growth * self.truth.unit_share(self.inference_units)


def make_limiter(truth: ModelTruth, inference_units: int) -> Limiter:
    """The limiter of a model that runs with this number of inference units."""
    rate = truth.tps_per_iu * inference_units
    executors = truth.executors_per_iu * inference_units
    match truth.limiter:
        case "token_bucket":
            return _bucket(rate, truth.burst_s)
        case "fixed_window":
            # The windows of a real service are not aligned to the client's seconds.
            return FixedWindow(rate, truth.window_s, phase_s=truth.window_s * Random(truth.seed).random())
        case "sliding_window":
            return SlidingWindow(rate, truth.window_s)
        case "executor_pool":
            return ExecutorPool(executors, truth.queue_length * inference_units, truth.reject_cost_s)
        case "concurrency_limit":
            return ExecutorPool(executors, 0, truth.reject_cost_s)
        case "unbounded_queue":
            return ExecutorPool(executors, None)
    raise AssertionError(f"a limiter that ModelTruth allows and no class implements: {truth.limiter}")


def _bucket(rate: float, burst_s: float) -> TokenBucket:
    # A burst of one token would not reach the rate, as refill is lost while the bucket waits for the next offer.
    return TokenBucket(rate, max(2.0, rate * burst_s))


def _account_limiter(truth: ModelTruth) -> TokenBucket | None:
    return None if truth.account_tps is None else _bucket(truth.account_tps, burst_s=1.0)


def _max_units(truth: ModelTruth, inference_units: int, max_inference_units: int | None) -> int:
    if max_inference_units is not None:
        return max_inference_units
    return max(truth.most_units, inference_units) if truth.autoscale_always else inference_units
