"""Makes the states of the workflow: in JSONata, each with a comment, without a payload by default."""

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from iu_tuner.contract.choices import MAX_WORKERS

ANY_ERROR = ["States.ALL"]
CAUGHT = "{% $states.errorOutput %}"
PAYLOAD = "{% $states.result.Payload %}"
RUN = {"runId": "{% $states.context.Execution.Name %}"}

# Lambda refused the call, or its reply got lost. Every state but the load can be retried.
_LAMBDA_IS_BUSY = [
    "Lambda.TooManyRequestsException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
]
# Lambda first attaches the function to its VPC, which takes about a minute: after a deployment, and if a function
# that was idle for weeks has lost its network interface. With each of these errors the function has not run.
_NOT_READY_YET = [
    "Lambda.ResourceNotReadyException",  # the function is inactive
    "Lambda.ResourceConflictException",  # the function is pending
    "Lambda.ENINotReadyException",
    "Lambda.EC2ThrottledException",
    "Lambda.EC2UnexpectedException",
    "Lambda.CodeArtifactUserPendingException",
]


class States:
    """The states of one machine, made in the given scope; a state's name is its construct id."""

    def __init__(self, scope: Construct, *, poll_s: int) -> None:
        self.scope = scope
        self.poll_s = poll_s
        self.called: list[lambda_.Function] = []

    def call(
        self,
        function: lambda_.Function,
        comment: str,
        payload: Mapping[str, str] | str,
        *,
        assign: Mapping[str, str] | None = None,
        outputs: Any = None,
    ) -> tasks.LambdaInvoke:
        """A state that invokes the Lambda and has its name; a Retry has to be added."""
        given = sfn.TaskInput.from_text(payload) if isinstance(payload, str) else sfn.TaskInput.from_object({**payload})
        self.called.append(function)
        return tasks.LambdaInvoke.jsonata(
            self.scope,
            function.node.id,
            comment=comment,
            lambda_function=function,
            payload=given,
            assign=assign,
            outputs={} if outputs is None else outputs,
            retry_on_service_exceptions=False,
        )

    def pass_state(self, name: str, comment: str, assign: Mapping[str, Any], outputs: Any = None) -> sfn.Pass:
        """A Pass state that sets variables or makes an output."""
        return sfn.Pass.jsonata(self.scope, name, comment=comment, assign=assign or None, outputs=outputs or {})

    def try_block(self, name: str, comment: str, body: sfn.IChainable) -> sfn.Parallel:
        """A block with a common Catch: a Parallel with a single branch."""
        return sfn.Parallel.jsonata(self.scope, name, comment=comment, outputs={}).branch(body)

    def decide(self, name: str, comment: str) -> sfn.Choice:
        """A Choice; add `when` and `otherwise` to it."""
        return sfn.Choice.jsonata(self.scope, name, comment=comment)

    def workers(self, comment: str, *, part: str, **options: Any) -> sfn.DistributedMap:
        """A worker for each of the input's `workers`, all at once: none waits for another, and none fails the others.

        It gets the run's id, its number, and the `part` of the input. `options` are those of the Map.
        """
        # A child can't read the variables of its parent, so it gets what it needs as input. The selector is in
        # JSONPath, which AWS and the embedded AWS evaluate alike.
        return sfn.DistributedMap(
            self.scope,
            "Workers",
            comment=comment,
            map_execution_type=sfn.StateMachineType.EXPRESS,
            items_path="$.workers",
            item_selector={
                "runId": sfn.JsonPath.string_at("$$.Execution.Name"),
                part: sfn.JsonPath.object_at(f"$.{part}"),
                "worker": sfn.JsonPath.number_at("$$.Map.Item.Value"),
            },
            max_concurrency=MAX_WORKERS,
            tolerated_failure_percentage=100,
            **options,
        )

    def wait(self, name: str, *, seconds: str | None = None) -> sfn.Wait:
        """A Wait between two polls of the model, or of so many seconds in JSONata."""
        fixed = sfn.WaitTime.duration(cdk.Duration.seconds(self.poll_s))
        time = fixed if seconds is None else sfn.WaitTime.seconds(seconds)
        return sfn.Wait.jsonata(self.scope, name, comment="Then look again", time=time)


def retry_when_busy(state: tasks.LambdaInvoke) -> tasks.LambdaInvoke:
    """Retry for up to two minutes if Lambda refuses the call, as a failed run has cost money already."""
    retry_when_not_ready(state, patience_s=120)
    state.add_retry(
        errors=_LAMBDA_IS_BUSY,
        interval=cdk.Duration.seconds(2),
        backoff_rate=2,
        max_attempts=6,
        max_delay=cdk.Duration.seconds(30),
        jitter_strategy=sfn.JitterType.FULL,
    )
    return state


def retry_when_not_ready(state: tasks.LambdaInvoke, *, patience_s: int) -> None:
    """Retry every ten seconds, for `patience_s`, while the function is being attached to its VPC."""
    state.add_retry(
        errors=_NOT_READY_YET, interval=cdk.Duration.seconds(10), backoff_rate=1, max_attempts=patience_s // 10
    )


def when(condition: str) -> sfn.Condition:
    """A condition in JSONata."""
    return sfn.Condition.jsonata(f"{{% {condition} %}}")
