"""The frame of all state machines. Try: work with the model. Finally: release it. Then: publish or fail."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.resources.functions import Functions
from infra.resources.log_groups import log_group
from infra.resources.permissions import acknowledge_wildcard
from infra.settings.settings import Settings
from infra.workflow.measure import measurement
from infra.workflow.process import processing
from infra.workflow.serve import serving
from infra.workflow.states import ANY_ERROR, CAUGHT, PAYLOAD, RUN, States, retry_when_busy, when
from iu_tuner.contract.errors import NAMES

# A model stops within minutes. After 45 minutes further polls are useless, and the hour for the stop is not used
# up. There are at most 180 polls: each adds nine events to the execution's history, and at 25,000 events the
# execution ends without a Catch.
_RELEASE_PATIENCE_S = 45 * 60
_MAX_LOOKS = 180
_INPUT = "{% $states.context.Execution.Input %}"
_STARTED_AT = "{% $states.context.Execution.StartTime %}"

# Has the form of a Lambda's failure; its cause includes the failures before it. The state's input is the last error
# of ReleaseModel, if it had one rather than the model taking too long.
_STILL_RUNNING = {
    "Error": "ModelStopFailed",
    "Cause": "{% $string({'errorType': 'ModelStopFailed', 'errorMessage': 'ModelStopFailed: the model was not seen "
    "as afterRun leaves it (STOPPED, by default) and may cost money: look at it in the Rekognition console (' "
    "& $string($states.context.Execution.Input.modelArn) & ')', "
    "'stopFailure': $states.input, 'runFailure': $failure}) %}",
}

# Replaces the output of ExplainFailure if that fails: the contract's error that the cause names, the worst one first.
_NAMES = json.dumps(["ModelStopFailed", *sorted(NAMES - {"ModelStopFailed"})]).replace('"', "'")
_UNEXPLAINED = {
    "error": "{% ($cause := $states.input.Cause & ''; $names := " + _NAMES + "[$contains($cause, $ & ': ')]; "
    "$exists($names) ? $names[0] : 'InternalError') %}",
    "cause": "{% ($cause := $states.input.Cause & ''; $error := $states.input.Error & ': '; "
    "$said := $contains($cause, 'errorMessage') ? $parse($cause).errorMessage : $cause; "
    "($contains($said, $error) ? $said : $error & $said) "
    "& ' - nothing more could be found out: see the logs of the Lambda functions in CloudWatch') %}",
}


@dataclass(frozen=True)
class Work:
    """What a machine does with the model, in the frame that all machines have.

    `attempt` makes the states of the try block, whose name is `name`. `variables` are those that it begins with.
    """

    name: str
    comment: str
    prepare: lambda_.Function
    attempt: Callable[[States, Functions], sfn.IChainable]
    publish: lambda_.Function
    timeout: cdk.Duration
    variables: Mapping[str, Any] = field(default_factory=dict)


def measuring(functions: Functions) -> Work:
    """The measurement of a model."""
    return Work(
        "Measure",
        "measure the model and recommend inference units",
        functions.prepare,
        measurement,
        functions.publish,
        # limits.maxMinutes is at most 300. The other hour is for the stop, as a machine that times out runs no Catch.
        cdk.Duration.hours(6),
    )


def batching(functions: Functions) -> Work:
    """The processing of a batch of images."""
    return Work(
        "Process",
        "process all images of a prefix or a list",
        functions.prepare_batch,
        processing,
        functions.publish_batch,
        cdk.Duration.hours(26),  # limits.maxMinutes is at most 1,440
        {"listing": "{% null %}"},
    )


def serving_uploads(functions: Functions) -> Work:
    """The start of a model for uploads."""
    assert functions.serving is not None, "no entry of `inference` starts its model"
    return Work(
        "Serve",
        "run the model until the uploads that wait for it are analysed",
        functions.serving.prepare,
        serving,
        functions.serving.publish,
        cdk.Duration.hours(26),  # limits.maxMinutes is at most 1,440
    )


class Workflow(Construct):
    """A state machine. One execution is one run, and the execution's name is the run's id.

    States pass each other only a few small variables; counts are stored in DynamoDB.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, functions: Functions, settings: Settings, work: Work
    ) -> None:
        super().__init__(scope, construct_id)
        self._functions, self._work = functions, work
        self._states = States(self, poll_s=settings.model_poll_seconds)
        self._looks = min(_MAX_LOOKS, -(-_RELEASE_PATIENCE_S // settings.model_poll_seconds))
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            comment='Smallest input: {"modelArn": "<the ARN of a model version>"}. '
            f"try: {work.comment}; finally: stop the model, whatever happened, or "
            "give it back as it was found; then: publish the answer, or fail with the original error",
            definition_body=sfn.DefinitionBody.from_chainable(self._run()),
            timeout=work.timeout,
            logs=sfn.LogOptions(
                destination=log_group(self, "Log", settings=settings, name=self._log_name()),
                level=sfn.LogLevel.ALL,
                include_execution_data=False,
            ),
            tracing_enabled=True,
        )
        self._acknowledge_wildcards()

    def _log_name(self) -> str:
        """The name of the log group. Below /aws/vendedlogs/ it needs no entry in the account's log policy.

        That policy may be full. The name ends in the stack's id, so that it is free if the stack is created again.
        """
        stack_id = cdk.Fn.select(2, cdk.Fn.split("/", cdk.Stack.of(self).stack_id))
        kind = "" if self._work.name == "Measure" else f"{self._work.name}-"
        return f"/aws/vendedlogs/states/{cdk.Stack.of(self).stack_name}-{kind}{stack_id}"

    def _run(self) -> sfn.IChainable:
        """The states of a run, in the order try, finally, then."""
        states, functions, work = self._states, self._functions, self._work
        begin = states.pass_state(
            "Begin", "Nothing has failed yet", {"failure": "{% null %}", "looks": 0, **work.variables}
        )
        prepare = states.call(
            work.prepare,
            "Checks the input, takes the model's lease, looks at model, images and budget; starts nothing",
            {**RUN, "input": _INPUT, "executionArn": "{% $states.context.Execution.Id %}", "startedAt": _STARTED_AT},
            outputs=PAYLOAD,
        )
        lease_acquired = states.decide(
            "LeaseAcquired?", "One run per model at a time: who has no lease touches nothing"
        )
        skipped = sfn.Succeed.jsonata(self, "RunSkipped", comment="Another run holds the model")
        measure = states.try_block(
            work.name, "try: whatever fails in here, the model is released next", work.attempt(states, functions)
        )
        record_failure = states.pass_state(
            "RecordFailure", "Kept until the model is released", {"failure": "{% $states.input %}", "looks": 0}
        )
        release = states.call(
            functions.release_model,
            "finally: one move towards STOPPED, or as afterRun says, on every road, until it is read back",
            {**RUN, "input": _INPUT, "failed": "{% $failure != null %}"},
            assign={"settled": "{% $states.result.Payload.settled %}", "looks": "{% $looks + 1 %}"},
        )
        model_released = states.decide("ModelReleased?", "Only what was read back counts")
        still_running = states.pass_state(
            "ModelStillRunning", "Worse than anything before: it costs money", {}, _STILL_RUNNING
        )
        any_failure = states.decide("AnyFailure?", "Publish the answer, or show what went wrong")
        publish = states.call(work.publish, "Keeps the answer and hands it out", RUN, outputs=PAYLOAD)
        finished = sfn.Succeed.jsonata(self, "RunFinished", comment="The output is the answer")
        explain = self._failure()

        begin.next(prepare).next(lease_acquired)
        lease_acquired.when(when("$states.input.holds = false"), skipped, outputs="{% $states.input.output %}")
        lease_acquired.otherwise(measure)
        measure.next(release).next(model_released)
        model_released.when(when("$settled"), any_failure)
        model_released.when(when(f"$looks < {self._looks}"), states.wait("WaitForRelease").next(release))
        model_released.otherwise(still_running.next(explain))
        any_failure.when(when("$failure != null"), explain, outputs="{% $failure %}")
        any_failure.otherwise(publish.next(finished))

        record_failure.next(release)
        retry_when_busy(prepare).add_catch(record_failure, errors=ANY_ERROR, outputs=CAUGHT)
        measure.add_catch(record_failure, errors=ANY_ERROR, outputs=CAUGHT)
        # Has the most retries of all states, as a model that is not stopped continues to cost money.
        release.add_retry(
            errors=ANY_ERROR,
            interval=cdk.Duration.seconds(min(30, states.poll_s)),
            backoff_rate=1.5,
            max_attempts=6,
            max_delay=cdk.Duration.minutes(1),
        )
        release.add_catch(still_running, errors=ANY_ERROR, outputs=CAUGHT)
        # Returns to the finally: a model that runs with its new inference units is stopped, as the run has no answer.
        retry_when_busy(publish).add_catch(record_failure, errors=ANY_ERROR, outputs=CAUGHT)
        return begin

    def _failure(self) -> sfn.IChainable:
        """Turn a failure (Error, Cause) into the execution's; if ExplainFailure fails, the execution still fails."""
        explain = self._states.call(
            self._functions.explain_failure,
            "One error of the contract, and one sentence on what to do",
            {**RUN, "input": _INPUT, "startedAt": _STARTED_AT, "failure": "{% $states.input %}"},
            outputs=PAYLOAD,
        )
        failed = sfn.Fail.jsonata(
            self,
            "RunFailed",
            comment="No answer, and this is why",
            error="{% $states.input.error %}",
            cause="{% $states.input.cause %}",
        )
        retry_when_busy(explain).add_catch(failed, errors=ANY_ERROR, outputs=_UNEXPLAINED)
        return explain.next(failed)

    def _acknowledge_wildcards(self) -> None:
        machine = self.state_machine
        for function in self._states.called:
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
