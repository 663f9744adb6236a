"""States as the workflow writes them: JSONata, a comment each, and no payload unless it is asked for."""

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

ANY_ERROR = ["States.ALL"]
CAUGHT = "{% $states.errorOutput %}"
PAYLOAD = "{% $states.result.Payload %}"
RUN = {"runId": "{% $states.context.Execution.Name %}"}

# Lambda could not take the call, or lost the answer: every state but the load may simply be asked again.
_LAMBDA_IS_BUSY = [
    "Lambda.TooManyRequestsException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
]
# Lambda plugs the function into its VPC first, which takes about a minute: after a deployment, and when a function
# that was idle for weeks has lost its network interface. Each of these refuses the call, so nothing has run.
_NOT_READY_YET = [
    "Lambda.ResourceNotReadyException",  # inactive
    "Lambda.ResourceConflictException",  # pending
    "Lambda.ENINotReadyException",
    "Lambda.EC2ThrottledException",
    "Lambda.EC2UnexpectedException",
    "Lambda.CodeArtifactUserPendingException",
]


class States:
    """Makes the states of one machine in the given scope; a state's name is its construct id."""

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
        """Invoke the Lambda; the state has the function's name. No Retry unless it is added."""
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

    def note(self, name: str, comment: str, assign: Mapping[str, Any], outputs: Any = None) -> sfn.Pass:
        """Set variables, or make an output."""
        return sfn.Pass.jsonata(self.scope, name, comment=comment, assign=assign or None, outputs=outputs or {})

    def try_block(self, name: str, comment: str, body: sfn.IChainable) -> sfn.Parallel:
        """A block whose failures can be caught as one: a Parallel of a single branch."""
        return sfn.Parallel.jsonata(self.scope, name, comment=comment, outputs={}).branch(body)

    def decide(self, name: str, comment: str) -> sfn.Choice:
        """A fork; `when` and `otherwise` follow."""
        return sfn.Choice.jsonata(self.scope, name, comment=comment)

    def wait(self, name: str) -> sfn.Wait:
        """The pause between two looks at the model."""
        time = sfn.WaitTime.duration(cdk.Duration.seconds(self.poll_s))
        return sfn.Wait.jsonata(self.scope, name, comment="Then look again", time=time)


def retry_when_busy(state: tasks.LambdaInvoke) -> tasks.LambdaInvoke:
    """Ask again when Lambda could not take the call: for up to two minutes, as a run that fails has cost money."""
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
    """Ask again, every ten seconds, while the function is being plugged into its VPC."""
    state.add_retry(
        errors=_NOT_READY_YET, interval=cdk.Duration.seconds(10), backoff_rate=1, max_attempts=patience_s // 10
    )


def when(condition: str) -> sfn.Condition:
    """A JSONata condition."""
    return sfn.Condition.jsonata(f"{{% {condition} %}}")
