"""The `try` of the batch machine: lists the images, starts the model, and processes them in rounds."""

import aws_cdk as cdk
from aws_cdk import aws_stepfunctions as sfn

from infra.resources.functions import Functions
from infra.workflow.states import RUN, States, retry_when_busy, retry_when_not_ready, when

_ROUND_AND_WORKERS = {"round": "{% $round %}", "workers": "{% [0..$round.workers - 1] %}"}


def processing(states: States, functions: Functions) -> sfn.IChainable:
    """The states from the listing of the images to the files of the batch. The model starts after the listing."""
    listed = {"listing": "{% $states.result.Payload.listing %}", "listed": "{% $states.result.Payload.listed %}"}
    listing = states.call(
        functions.list_images,
        "Nothing is billed while images are listed",
        {**RUN, "listing": "{% $listing %}"},
        assign=listed,
    )
    all_listed = states.decide("AllListed?", "One invocation lists for ten minutes")
    current = states.call(
        functions.find_current,
        "A result that is current is not paid for again",
        RUN,
        assign={"looked": "{% $states.result.Payload.looked %}"},
    )
    all_looked = states.decide("AllLookedUp?", "One invocation looks for ten minutes")
    quoted = states.call(
        functions.quote_batch,
        "Hours, dollars and inference units; a deadline or a limit that can't be held starts nothing",
        RUN,
        assign={"start": "{% $states.result.Payload.start %}"},
    )
    anything = states.decide("AnythingToDo?", "Without an open image the model is never started")
    running = {"running": "{% $states.result.Payload.running %}", "givenUp": "{% $states.result.Payload.givenUp %}"}
    start = states.call(functions.start_model, "One move towards RUNNING", RUN, assign=running)
    model_running = states.decide("ModelRunning?", "Start moves on its own; nothing sleeps and pays meanwhile")
    planned = {"round": "{% $states.result.Payload.round %}", "restart": "{% $states.result.Payload.restart %}"}
    plan = states.call(functions.plan_round, "Another round, other inference units, or the end", RUN, assign=planned)
    another = states.decide("Round?", "A round takes at most four minutes")
    summarise = states.call(functions.summarise, "Writes the files of the batch", RUN)
    for state in (listing, current, quoted, start, plan, summarise):
        retry_when_busy(state)

    all_listed.when(when("$listed"), current)
    all_listed.otherwise(listing)
    all_looked.when(when("$looked"), quoted)
    all_looked.otherwise(current)
    anything.when(when("$start"), start)
    anything.otherwise(summarise)
    model_running.when(when("$running or $givenUp"), plan)
    model_running.otherwise(states.wait("WaitForStart").next(start))
    another.when(when("$round != null"), _workers(states, functions).next(plan), outputs=_ROUND_AND_WORKERS)
    another.when(when("$restart"), start)
    another.otherwise(summarise)
    current.next(all_looked)
    quoted.next(anything)
    start.next(model_running)
    plan.next(another)
    return listing.next(all_listed)


def _workers(states: States, functions: Functions) -> sfn.DistributedMap:
    """The workers of one round. What a worker that fails has claimed is handed out again in the next round."""
    comment = "All workers of a round share the pace; no Retry: the next round goes on"
    workers = states.workers(comment, part="round", result_path=sfn.JsonPath.DISCARD)
    worker = states.call(functions.process_images, "One worker: claims shards, and sends", "{% $states.input %}")
    worker.add_retry(
        errors=["Lambda.TooManyRequestsException"], interval=cdk.Duration.seconds(1), backoff_rate=1.5, max_attempts=3
    )
    retry_when_not_ready(worker, patience_s=30)
    workers.item_processor(worker)
    return workers
