"""The dashboard: the last runs and their answers, the models' metrics, and the health of the tuner."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.monitoring import widgets as graphs
from infra.monitoring.widgets import HEIGHT, WIDTH
from infra.resources.functions import Functions
from infra.resources.storage import Storage
from iu_tuner.contract.names import RUN_OVER_MESSAGE


class Dashboard(Construct):
    """`url` opens the dashboard in the console."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        storage: Storage,
        functions: Functions,
        state_machine: sfn.StateMachine,
        dead_letter_queues: Sequence[sqs.IQueue],
        alarms: Sequence[cloudwatch.Alarm],
        more_rows: Sequence[list[cloudwatch.IWidget]] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        self._storage, self._functions, self._machine = storage, functions, state_machine
        # The names of dashboards are unique in the account, not in a Region.
        name = f"{stack.stack_name}-{stack.region}"
        self.url = f"{_console(stack, 'cloudwatch')}#dashboards/dashboard/{name}"
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=name,
            default_interval=cdk.Duration.days(30),
            widgets=[
                [self._guide()],
                [cloudwatch.AlarmStatusWidget(title="Alarms", alarms=[*alarms], width=WIDTH, height=2)],
                [self._last_runs()],
                [self._compared(), *graphs.changes()],
                graphs.answers(),
                graphs.runs(),
                graphs.models(),
                *more_rows,
                graphs.health(state_machine, dead_letter_queues),
            ],
        )

    def _guide(self) -> cloudwatch.IWidget:
        stack, machine = cdk.Stack.of(self), self._machine.state_machine_arn
        runs = f"{_console(stack, 'states')}#/statemachines/view/{machine}"
        bucket = self._storage.images.bucket_name
        reports = f"https://s3.console.aws.amazon.com/s3/buckets/{bucket}?prefix=reports/"
        models = f"{_console(stack, 'rekognition/custom-labels')}#/projects"
        lines = (
            "# Inference Unit Tuner",
            "**An alarm is red:** open it, its text says what to do.",
            "**A model costs money while it runs:** *Inference units in service* is 0 or empty for a model that nobody "
            f"uses; where a line stays up, stop the model in [Rekognition]({models}).",
            "**The answer:** *TPS per inference unit* is what one unit of a model carries; a version that lies "
            "below the one before needs more units. It is a lower bound where the verdict is `not-saturated`, "
            "`account-throttled` or `client-limited`, and no basis for a number of units where it is `unstable`.",
            "**A model got slower:** *Change of TPS per inference unit* below 0 by more than the intervals explain "
            "counts as a regression; its report says since which run, and by how much.",
            "**In production:** throttled requests while all units are in service mean that the maximum is too low: "
            "run the tuner again, with today's peak.",
            f"[All runs]({runs}) | [Reports]({reports}) | [Models]({models})",
        )
        return cloudwatch.TextWidget(width=WIDTH, height=6, markdown="\n\n".join(lines))

    def _compared(self) -> cloudwatch.IWidget:
        """A table of the runs, each compared with the last run of the same model and that of the version before."""
        return self._query(
            "Runs beside those before them",
            [self._functions.publish],
            WIDTH // 3,
            "fields @timestamp, model, tpsPerUnit, beforeTpsPerUnit, change, versionBeforeTpsPerUnit, "
            "changeSinceVersion, slower",
            f'filter message = "{RUN_OVER_MESSAGE}" and ispresent(slower)',
        )

    def _last_runs(self) -> cloudwatch.IWidget:
        return self._query(
            "The last runs",
            [self._functions.publish, self._functions.explain_failure],
            WIDTH,
            "fields @timestamp, runId, model, outcome, tpsPerUnit, minUnits, maxUnits, usd, why",
            f'filter message = "{RUN_OVER_MESSAGE}"',
        )

    def _query(
        self, title: str, of: Sequence[lambda_.Function], width: int, fields: str, chosen: str
    ) -> cloudwatch.IWidget:
        return cloudwatch.LogQueryWidget(
            title=title,
            log_group_names=[each.log_group.log_group_name for each in of],
            view=cloudwatch.LogQueryVisualizationType.TABLE,
            width=width,
            height=HEIGHT,
            query_lines=[fields, chosen, "sort @timestamp desc", "limit 20"],
        )


def _console(stack: cdk.Stack, service: str) -> str:
    return f"https://{stack.region}.console.aws.amazon.com/{service}/home?region={stack.region}"
