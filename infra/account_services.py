"""What a run asks of the account beside the model: its quotas, a place for the answer."""

import aws_cdk as cdk

from infra.functions import Functions
from infra.permissions import allow
from infra.settings.settings import Settings
from iu_tuner.contract import names


def connect(stack: cdk.Stack, functions: Functions, settings: Settings) -> None:
    """The rights and addresses for each of them, as far as the settings want it."""
    for planner in (functions.prepare, functions.recommend):
        allow(
            planner,
            ["servicequotas:ListServiceQuotas"],
            "*",
            wildcard="ListServiceQuotas knows no resource-level permissions.",
        )
    for action in ("servicequotas:ListAWSDefaultServiceQuotas", "lambda:GetAccountSettings"):
        name = action.partition(":")[2]
        allow(functions.prepare, [action], "*", wildcard=f"{name} knows no resource-level permissions.")
    if settings.answer_parameter_prefix is not None:
        functions.publish.add_environment(names.ANSWER_PARAMETER_PREFIX, settings.answer_parameter_prefix)
        parameters = stack.format_arn(
            service="ssm", resource="parameter", resource_name=f"{settings.answer_parameter_prefix.removeprefix('/')}*"
        )
        allow(
            functions.publish,
            ["ssm:PutParameter"],
            parameters,
            wildcard="A parameter's name holds those of project and version.",
        )
