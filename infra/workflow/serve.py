"""The `try` of the machine that runs a model for uploads: starts it, and looks at the queues until they stay empty."""

from aws_cdk import aws_stepfunctions as sfn

from infra.resources.functions import Functions
from infra.workflow.states import RUN, States, retry_when_busy, when


def serving(states: States, functions: Functions) -> sfn.IChainable:
    """The states from the first poll of the model until it is no longer needed."""
    assert functions.serving is not None, "no entry of `inference` starts its model"
    running = {"running": "{% $states.result.Payload.running %}"}
    start = states.call(functions.start_model, "One move towards RUNNING", RUN, assign=running)
    model_running = states.decide("ModelRunning?", "Start moves on its own; nothing sleeps and pays meanwhile")
    look = states.call(
        functions.serving.look,
        "Opens the gates at first; closes them when nothing was to do for a while, or at a limit",
        RUN,
        assign={"wait": "{% $states.result.Payload.wait %}"},
    )
    still_needed = states.decide("StillNeeded?", "A look that decides nothing may be minutes apart")
    for state in (start, look):
        retry_when_busy(state)

    model_running.when(when("$running"), look)
    model_running.otherwise(states.wait("WaitForStart").next(start))
    still_needed.when(when("$wait != null"), states.wait("WaitForUploads", seconds="{% $wait %}").next(look))
    still_needed.otherwise(states.pass_state("UploadsServed", "The model can be released", {}))
    look.next(still_needed)
    return start.next(model_running)
