"""The state machine. try: measure and recommend; finally: stop the model; then: publish or fail."""

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.functions import Functions
from infra.permissions import acknowledge_wildcard
from infra.settings import Settings
from infra.states import ANY_ERROR, CAUGHT, PAYLOAD, States, retry_when_busy

# limits.maxMinutes is 300 at most. One hour more is for the stop: a machine that times out runs no Catch.
_TIMEOUT = cdk.Duration.hours(6)
# A model stops within minutes; after 45 of them another look teaches nothing, and the hour for the stop is
# not used up. At most 180 looks, though: each is nine events of the execution's history, which ends at 25,000,
# and with it the execution, uncaught.
_STOP_PATIENCE_S = 45 * 60
_MAX_STOP_LOOKS = 180
# All workers of a step start at the same moment, so none may queue for another's end; the input allows no more.
_MAX_WORKERS = 1000

_RUN = {"runId": "{% $states.context.Execution.Name %}"}
_INPUT = "{% $states.context.Execution.Input %}"
# All that the step's workers are made of; a list even for a single worker.
_STEP_AND_WORKERS = {"step": "{% $step %}", "workers": "{% [0..$step.workers - 1] %}"}

# Shaped like the failure of a Lambda, with all that led to it in its cause. StopModel's own last error is the
# state's input; there is none when the model only took too long.
_STOP_FAILED = {
    "Error": "ModelStopFailed",
    "Cause": "{% $string({'errorType': 'ModelStopFailed', 'errorMessage': 'ModelStopFailed: the model was not seen "
    "stopped and may still cost money: stop it in the Rekognition console (' "
    "& $string($states.context.Execution.Input.modelArn) & ')', "
    "'stopFailure': $states.input, 'runFailure': $failure}) %}",
}


class Workflow(Construct):
    """`state_machine`: one execution is one run, and the execution's name is the run's id.

    States hand each other nothing but a few small variables; counts travel through DynamoDB.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, functions: Functions, settings: Settings
    ) -> None:
        super().__init__(scope, construct_id)
        self._functions = functions
        self._states = States(self, poll_s=settings.model_poll_seconds)
        self._stop_looks = min(_MAX_STOP_LOOKS, -(-_STOP_PATIENCE_S // settings.model_poll_seconds))
        log_group = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            comment="try: measure the model and recommend inference units; finally: stop the model, whatever "
            "happened; then: publish the answer, or fail with the original error",
            definition_body=sfn.DefinitionBody.from_chainable(self._run()),
            timeout=_TIMEOUT,
            logs=sfn.LogOptions(destination=log_group, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
        )
        self._acknowledge_wildcards()

    def _run(self) -> sfn.IChainable:
        """try … finally … then, in this order."""
        a, do = self._states, self._functions
        begin = a.note("Begin", "Nothing has failed yet", {"failure": "{% null %}", "stopLooks": 0})
        measure = a.attempt(
            "Measure", "try: whatever fails in here, the model is stopped next", self._measurement()
        )
        note_failure = a.note(
            "NoteFailure", "Kept until the model is stopped", {"failure": "{% $states.input %}"}
        )
        stop = a.call(
            do.stop_model,
            "finally: one move towards STOPPED, on every road, until it is read back",
            {**_RUN, "input": _INPUT, "failure": "{% $failure %}"},
            assign={"stopped": "{% $states.result.Payload.stopped %}", "stopLooks": "{% $stopLooks + 1 %}"},
        )
        model_stopped = a.decide("ModelStopped?", "Only what was read back counts as stopped")
        stop_failed = a.note("StopFailed", "Worse than anything before it: it costs money", {}, _STOP_FAILED)
        any_failure = a.decide("AnyFailure?", "Publish the answer, or show what went wrong")
        publish = a.call(do.publish, "Keeps the answer and hands it out", _RUN, outputs=PAYLOAD)
        finished = sfn.Succeed.jsonata(self, "RunFinished", comment="The output is the answer")
        explain = self._failure()

        begin.next(measure).next(stop).next(model_stopped)
        model_stopped.when(_if("$stopped"), any_failure)
        model_stopped.when(_if(f"$stopLooks < {self._stop_looks}"), a.wait("WaitForStop").next(stop))
        model_stopped.otherwise(stop_failed.next(explain))
        any_failure.when(_if("$failure != null"), explain, outputs="{% $failure %}")
        any_failure.otherwise(publish.next(finished))

        measure.add_catch(note_failure.next(stop), errors=ANY_ERROR, outputs=CAUGHT)
        # The stop is tried harder than anything else: a model that it does not reach goes on costing money.
        stop.add_retry(
            errors=ANY_ERROR,
            interval=cdk.Duration.seconds(min(30, a.poll_s)),
            backoff_rate=1.5,
            max_attempts=6,
            max_delay=cdk.Duration.minutes(1),
        )
        stop.add_catch(stop_failed, errors=ANY_ERROR, outputs=CAUGHT)
        retry_when_busy(publish).add_catch(explain, errors=ANY_ERROR, outputs=CAUGHT)
        return begin

    def _measurement(self) -> sfn.IChainable:
        """The try: start the model, load it step by step, recommend."""
        a, do = self._states, self._functions
        prepare = a.call(
            do.prepare,
            "Checks the input, the model, the images and the budget; starts nothing",
            {**_RUN, "input": _INPUT, "startedAt": "{% $states.context.Execution.StartTime %}"},
        )
        running = {"running": "{% $states.result.Payload.running %}"}
        start = a.call(do.start_model, "One move towards RUNNING", _RUN, assign=running)
        model_running = a.decide("ModelRunning?", "Start moves on its own; nothing sleeps and pays meanwhile")
        probe = a.call(do.probe_images, "Sends each image once; those the model refuses are left out", _RUN)
        step = {"step": "{% $states.result.Payload.step %}"}
        plan = a.call(do.plan_step, "Looks at the counts so far: another step, or done", _RUN, assign=step)
        another_step = a.decide("AnotherStep?", "Ramp and confirm are steps alike")
        recommend = a.call(do.recommend, "Counts become TPS, a verdict and inference units", _RUN)
        for state in (prepare, start, probe, plan, recommend):
            retry_when_busy(state)

        model_running.when(_if("$running"), probe).otherwise(a.wait("WaitForStart").next(start))
        another_step.when(_if("$step != null"), self._workers().next(plan), outputs=_STEP_AND_WORKERS)
        another_step.otherwise(recommend)
        probe.next(plan).next(another_step)
        return prepare.next(start).next(model_running)

    def _workers(self) -> sfn.DistributedMap:
        """One step's load. A failing worker leaves no counts, which PlanStep sees; the others' stay valid."""
        # A child sees none of its parent's variables: each is handed what it needs. In JSONPath, as the
        # selector then reads the same wherever this machine runs.
        workers = sfn.DistributedMap(
            self,
            "Workers",
            comment="All workers of one step at once; no Retry: a repeated worker would be a repeated load",
            map_execution_type=sfn.StateMachineType.EXPRESS,
            items_path="$.workers",
            item_selector={
                "runId": sfn.JsonPath.string_at("$$.Execution.Name"),
                "step": sfn.JsonPath.object_at("$.step"),
                "worker": sfn.JsonPath.number_at("$$.Map.Item.Value"),
            },
            max_concurrency=_MAX_WORKERS,
            tolerated_failure_percentage=100,
            result_path=sfn.JsonPath.DISCARD,
        )
        its_input, load = "{% $states.input %}", self._functions.apply_load
        workers.item_processor(
            self._states.call(load, "One worker: sends, and counts the answers", its_input)
        )
        return workers

    def _failure(self) -> sfn.IChainable:
        """From a failure (Error, Cause) to the execution's; a failing explanation still ends in the failure."""
        explain = self._states.call(
            self._functions.explain_failure,
            "One error of the contract, and one sentence on what to do",
            {**_RUN, "input": _INPUT, "failure": "{% $states.input %}"},
            outputs=PAYLOAD,
        )
        failed = sfn.Fail.jsonata(
            self,
            "RunFailed",
            comment="No answer, and this is why",
            error="{% $states.input.error %}",
            cause="{% $states.input.cause %}",
        )
        unexplained = {"error": "{% $states.input.Error %}", "cause": "{% $states.input.Cause & '' %}"}
        retry_when_busy(explain).add_catch(failed, errors=ANY_ERROR, outputs=unexplained)
        return explain.next(failed)

    def _acknowledge_wildcards(self) -> None:
        machine = self.state_machine
        for function in self._functions.all:
            acknowledge_wildcard(machine, f"{function.function_arn}:*", "Versions of this very Lambda.")
        acknowledge_wildcard(machine, "*", "Log deliveries and X-Ray know no resource-level permissions.")
        name = cdk.Fn.select(6, cdk.Fn.split(":", machine.state_machine_arn))
        for executions in (f"{name}:*", f"{name}/*:*"):
            arn = cdk.Stack.of(self).format_arn(
                service="states",
                resource="execution",
                resource_name=executions,
                arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
            )
            acknowledge_wildcard(machine, arn, "The map's children are executions of this very machine.")


def _if(condition: str) -> sfn.Condition:
    return sfn.Condition.jsonata(f"{{% {condition} %}}")
