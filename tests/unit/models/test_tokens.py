"""A start without an effect is repeated with its token; a start after a stop, and each stop, has another one."""

from __future__ import annotations

import re
from dataclasses import replace

from lambdas.models.lease import Lease
from lambdas.models.status import ModelState
from lambdas.models.timeline import EMPTY_TIMELINE, Timeline
from lambdas.models.tokens import client_token

LEASE = Lease("model", "run-1", "execution", "2026-11-21T06:10:00.000Z", 90, "stop")
STOPPED, STARTING, RUNNING = (ModelState(status) for status in ("STOPPED", "STARTING", "RUNNING"))


def start_token(seen: Timeline) -> str:
    return client_token(LEASE, "start", seen.up_at)


def test_a_start_has_its_token_until_it_took_effect() -> None:
    first = EMPTY_TIMELINE.with_look(STOPPED, 1.0)
    again = first.with_look(STOPPED, 31.0)
    after_a_stop = again.with_look(STARTING, 60.0).with_look(RUNNING, 90.0).with_look(STOPPED, 120.0)

    assert re.fullmatch("[a-zA-Z0-9-]{1,64}", start_token(first))
    assert start_token(first) == start_token(again) != start_token(after_a_stop)
    assert start_token(after_a_stop) == start_token(after_a_stop.with_look(STOPPED, 150.0))


def test_runs_and_verbs_have_tokens_of_their_own() -> None:
    others = [replace(LEASE, model_arn="other"), replace(LEASE, run_id="other"), replace(LEASE, started_at="other")]
    tokens = {client_token(lease, verb, None) for lease in (LEASE, *others) for verb in ("start", "restore", "stop")}

    assert len({*tokens, client_token(LEASE, "stop", 1.0)}) == 13
