"""The idle rule: it holds with counters that lag, each by another time, and it comes to an end."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.inference.serve.idle import EMPTY_LOOKS, Look, Pause, Quiet

EVENTS_PER_LOOK = 9  # of the history: five of the task, two of the choice, two of the pause
LIMIT_OF_EVENTS = 25_000  # AWS
BATCH_S = 35.0  # a batch of uploads takes at most 20 s for slots and 15 s for the last replies
LAG_S = 60.0  # AWS documents that the counters may need a minute
DAY_S = 86_400.0
IDLE_S = st.sampled_from([6.0, 60.0, 600.0, 1200.0]) | st.floats(6, 1200)


@dataclass
class Message:
    """A message's times: visible from `arrived`, and in flight in each of `receives` (from, until)."""

    arrived: float
    receives: list[tuple[float, float]]
    deleted: float

    def is_there(self, at: float) -> bool:
        return self.arrived <= at < self.deleted

    def is_in_flight(self, at: float) -> bool:
        return any(begin <= at < end for begin, end in self.receives)


@dataclass
class Queue:
    """A queue whose counters are each late by another time, up to `lag_s`: that at which they show the least."""

    messages: list[Message]
    lag_s: float

    def _visible(self, at: float) -> int:
        return sum(each.is_there(at) and not each.is_in_flight(at) for each in self.messages)

    def _flying(self, at: float) -> int:
        return sum(each.is_there(at) and each.is_in_flight(at) for each in self.messages)

    def look(self, now: float) -> Look:
        changes = {end for each in self.messages for one in each.receives for end in one}
        times = [now, now - self.lag_s, *(each for each in changes if now - self.lag_s <= each <= now)]
        visible, flying = min(map(self._visible, times)), min(map(self._flying, times))
        ends = [end for each in self.messages for end in (one[0] + BATCH_S for one in each.receives) if end <= now]
        return Look(now, visible + flying, len(ends), max(ends, default=None))


def until_idle(queue: Queue, pause: Pause, *, no_later_than: float) -> tuple[float | None, list[Look]]:
    """When the rule stops the model, None if it does not, and the looks."""
    looks, now = [], 0.0
    quiet = Quiet(now, 0)
    while now <= no_later_than:
        looks.append(queue.look(now))
        quiet = quiet.after(looks[-1])
        if quiet.is_idle(pause.idle_s, now):
            return now, looks
        now += pause.until_next(quiet, now, 0.0)
    return None, looks


@st.composite
def messages(draw: st.DrawFn) -> list[Message]:
    """Messages that come when they like; each is received once or more, with pauses as AnalyseUploads makes them."""
    made = []
    for arrived in draw(st.lists(st.floats(0, 3000), min_size=1, max_size=12)):
        now, receives = arrived + draw(st.floats(0, 20)), []
        for _ in range(draw(st.integers(1, 4))):
            hidden_until = now + BATCH_S + draw(st.sampled_from([0.0, 5.0, 60.0, 300.0]))
            receives.append((now, hidden_until))
            now = hidden_until + draw(st.floats(0, 20))
        last = receives[-1]
        receives[-1] = (last[0], last[0] + BATCH_S)
        made.append(Message(arrived, receives, last[0] + BATCH_S))
    return made


@settings(max_examples=100, deadline=None)
@given(messages(), IDLE_S, st.floats(0, LAG_S))
def test_nothing_that_came_before_the_first_empty_look_is_left_behind(
    sent: list[Message], idle_s: float, lag_s: float
) -> None:
    queue, pause = Queue(sent, lag_s), Pause(30, idle_s)

    stopped, looks = until_idle(queue, pause, no_later_than=DAY_S)

    assert stopped is not None
    first_empty = looks[-EMPTY_LOOKS].now
    left = [each for each in sent if each.is_there(stopped) and each.arrived < first_empty - lag_s]
    assert left == []


@settings(max_examples=60, deadline=None)
@given(messages(), IDLE_S)
def test_the_model_stops_when_nothing_was_to_do_for_so_long_and_a_pause_later_at_most(
    sent: list[Message], idle_s: float
) -> None:
    stopped, _ = until_idle(Queue(sent, LAG_S), Pause(30, idle_s), no_later_than=DAY_S)

    assert stopped is not None
    ended = [each.deleted for each in sent if each.arrived <= stopped]
    last = max((each for each in ended if each <= stopped), default=0.0)
    assert stopped - last >= min(idle_s, (EMPTY_LOOKS - 1) * 30) - LAG_S - 1
    assert stopped - last <= max(idle_s, EMPTY_LOOKS * 30) + LAG_S + 2 * 30 + 1


def test_counters_that_are_exact_stop_the_model_to_the_second() -> None:
    sent = [Message(10.0, [(11.0, 46.0)], 46.0)]

    stopped, _ = until_idle(Queue(sent, 0.0), Pause(30, 600), no_later_than=DAY_S)

    assert stopped is not None
    assert abs(stopped - (46 + 600)) <= 1


def test_a_message_that_no_counter_shows_keeps_the_model_by_the_batches_that_it_is_in() -> None:
    quiet = Quiet(0, 0)
    for number in range(1, 40):
        now = 30.0 * number
        quiet = quiet.after(Look(now, 0, number, now))
        assert not quiet.is_idle(60, now)
    for number in range(EMPTY_LOOKS):
        quiet = quiet.after(Look(now + 30.0 * (number + 1), 0, 39, now))

    assert quiet.is_idle(60, now + 90)


@settings(max_examples=15, deadline=None)
@given(st.floats(6, 36_000), st.sampled_from([1, 5, 30, 60]), st.floats(1, 4000))
def test_a_run_of_a_day_has_far_fewer_events_than_its_history_may_have(
    idle_s: float, poll_s: int, every_s: float
) -> None:
    pause, now, looks = Pause(poll_s, idle_s), 0.0, 0
    quiet, batches, active_at = Quiet(0.0, 0), 0, 0.0
    while now < DAY_S and not quiet.is_idle(1e9, now):
        looks += 1
        if now - active_at >= every_s:  # an upload each so many seconds
            batches, active_at = batches + 1, now
        quiet = quiet.after(Look(now, 0, batches, active_at))
        now += pause.until_next(quiet, now, 0.0)

    assert looks * EVENTS_PER_LOOK < 0.7 * LIMIT_OF_EVENTS


@given(st.floats(0, DAY_S), st.floats(0, DAY_S), st.floats(6, DAY_S), st.integers(1, 60))
def test_a_pause_is_short_enough_to_keep_the_lease(
    quiet_for: float, run_for: float, idle_s: float, poll_s: int
) -> None:
    wait = Pause(poll_s, idle_s).until_next(Quiet(run_for - min(run_for, quiet_for), 0), run_for, 0.0)

    assert 1 <= wait <= 600  # a lease is renewed at each look, and is overdue after 900 s
