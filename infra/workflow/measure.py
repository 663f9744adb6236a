"""The `try` of the state machine: starts the model, loads it step by step, recommends."""

import aws_cdk as cdk
from aws_cdk import aws_stepfunctions as sfn

from infra.resources.functions import Functions
from infra.workflow.states import CAUGHT, RUN, States, retry_when_busy, retry_when_not_ready, when

# The input of the workers; `workers` is a list even for a single worker.
_STEP_AND_WORKERS = {"step": "{% $step %}", "workers": "{% [0..$step.workers - 1] %}"}


def measurement(states: States, functions: Functions) -> sfn.IChainable:
    """The states from the first poll of the model to the recommendation."""
    running = {"running": "{% $states.result.Payload.running %}", "givenUp": "{% $states.result.Payload.givenUp %}"}
    start = states.call(functions.start_model, "One move towards RUNNING", RUN, assign=running)
    model_running = states.decide("ModelRunning?", "Start moves on its own; nothing sleeps and pays meanwhile")
    probe = states.call(functions.probe_images, "Sends each image once; those the model refuses are left out", RUN)
    # 0 before the first step.
    refused = {"refusedWorkers": "{% $count($states.input.outcome.refused[$ = true]) %}"}
    step = {"step": "{% $states.result.Payload.step %}", "restart": "{% $states.result.Payload.restart %}"}
    plan = states.call(
        functions.plan_step,
        "Looks at the counts so far: another step, other inference units, or done",
        {**RUN, **refused},
        assign=step,
    )
    another_step = states.decide(
        "MoreLoad?", "Ramp and confirm are steps alike; a second measurement begins with a restart"
    )
    recommend = states.call(functions.recommend, "Counts become TPS, a verdict and inference units", RUN)
    for state in (start, probe, plan, recommend):
        retry_when_busy(state)

    model_running.when(when("$running"), probe)
    # Only a second measurement is given up; the answer of the first one stands.
    model_running.when(when("$givenUp"), recommend)
    model_running.otherwise(states.wait("WaitForStart").next(start))
    another_step.when(when("$step != null"), _workers(states, functions).next(plan), outputs=_STEP_AND_WORKERS)
    another_step.when(when("$restart"), start)
    another_step.otherwise(recommend)
    probe.next(plan).next(another_step)
    return start.next(model_running)


def _workers(states: States, functions: Functions) -> sfn.DistributedMap:
    """The load of one step. A failed worker has no counts, which PlanStep detects; the other counts stay valid.

    The output reports only the workers that Lambda refused to run.
    """
    workers = states.workers(
        "All workers of one step at once; no Retry: a repeated worker would be a repeated load",
        part="step",
        # The output is small for any number of workers: one `true` or `false` for each failed one.
        result_selector={"refused": sfn.JsonPath.object_at("$[*].refused")},
        result_path="$.outcome",
    )
    its_input = "{% $states.input %}"
    worker = states.call(functions.apply_load, "One worker: sends, and counts the answers", its_input)
    # A refused call has sent no load. It is retried as long as the worker can still be ready for the common start; a
    # later worker would spoil the step.
    busy = ["Lambda.TooManyRequestsException"]
    worker.add_retry(errors=busy, interval=cdk.Duration.seconds(1), backoff_rate=1.5, max_attempts=3)
    # Not longer, as a child may run for five minutes, and the load takes up to three of them.
    retry_when_not_ready(worker, patience_s=90)
    is_refused = {"refused": "{% $contains($states.input.Error & $states.input.Cause, 'TooManyRequests') %}"}
    lost = states.pass_state(
        "WorkerLost", "true: Lambda's concurrency is used up, and nothing was sent", {}, is_refused
    )
    # `Lambda.Unknown` is a refusal whose name got lost, as in the embedded AWS.
    worker.add_catch(lost, errors=[*busy, "Lambda.Unknown"], outputs=CAUGHT)
    workers.item_processor(worker)
    return workers
