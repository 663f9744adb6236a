"""The alarms, one for each kind of failure that needs a person, and the topic that they publish to."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.monitoring.tuner_metrics import count_of
from infra.resources.encryption import customer_key
from infra.resources.permissions import acknowledge, allow
from infra.settings.settings import Settings
from iu_tuner.contract import names

_PERIOD = cdk.Duration.minutes(5)
# Longer than the janitor's interval of ten minutes, so that the alarm does not clear between two invocations.
_LONGER_THAN_A_TURN = cdk.Duration.minutes(15)
_ALARMS = iam.ServicePrincipal("cloudwatch.amazonaws.com")


class Observability(Construct):
    """`topic` gets every alarm and a message about every finished run; `notifyEmail` subscribes to it.

    `alarms` lists all alarms.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        state_machine: sfn.StateMachine,
        batch_machine: sfn.StateMachine,
        dead_letter_queues: Sequence[sqs.IQueue],
        janitor: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        self.alarms: list[cloudwatch.Alarm] = []
        self._key = customer_key(self, "CustomerKey", settings=settings) or self._own_key()
        self.topic = self._topic(settings)
        self.alarm(
            "StopFailed",
            count_of("ModelStopFailed", period=_PERIOD),
            "A run ended, and its model may still cost money: the run could not confirm that it is stopped, or as it "
            "was before. Check it in the Rekognition console; the janitor also tries every 10 minutes. The run's cause "
            "says why.",
        )
        self.watch(
            "Run",
            state_machine,
            "A run ended without an answer. Open the failed execution: its cause says what to do. Its model "
            "was released, unless the alarm StopFailed is on as well.",
            "A run exceeded its time limit, so its own states did not stop the model. The Lambda ReleaseOrphanedModel "
            "does: check the run's receipt in the runs table, and the model's status in the Rekognition console.",
        )
        self.watch(
            "Batch",
            batch_machine,
            "A batch ended without an output. Open the failed execution: its cause says what to do. The results until "
            "then are kept, and a run with resume goes on. Its model was released, unless the alarm StopFailed is on.",
            "A batch exceeded its time limit, so its own states did not stop the model. The Lambda "
            "ReleaseOrphanedModel does: check the model's status in the Rekognition console.",
        )
        self.alarm(
            "JanitorFailed",
            janitor.metric_errors(period=_PERIOD),
            "The janitor, which stops a model when everything else has failed, fails itself. Read its log, and check "
            "in the Rekognition console which models run.",
        )
        self.alarm(
            "LeaseOverdue",
            count_of("OverdueLeases", period=_LONGER_THAN_A_TURN, statistic="Maximum"),
            "A run has exceeded its limits.maxMinutes by far, and its model is still not released: it may cost money. "
            "Stop the model in the Rekognition console, then the execution in Step Functions; the janitor's log says "
            "which model it is, and why it is not released.",
        )
        self.alarm(
            "Regression",
            count_of("Regression", period=_PERIOD),
            "A run measured a model slower than an earlier run did, by more than the intervals explain. The dashboard "
            "says which model; the run's report says since when. Check what changed in the model or the images before "
            "you rely on the rate.",
        )
        for queue in dead_letter_queues:
            self.alarm(
                f"DeadLetters-{queue.node.id}",
                queue.metric_approximate_number_of_messages_visible(period=_PERIOD, statistic="Maximum"),
                f"Messages could not be processed and are in the queue {queue.node.id}: runs were not started, or "
                "models not stopped. Read one and the Lambda's log, fix the cause, then redrive the queue in the SQS "
                "console.",
            )

    def watch(self, name: str, machine: sfn.StateMachine, failed: str, timed_out: str) -> None:
        """Add the alarms `<name>Failed` and `<name>TimedOut` about a machine's executions, with their sentences."""
        self.alarm(f"{name}Failed", machine.metric_failed(period=_PERIOD), failed)
        self.alarm(f"{name}TimedOut", machine.metric_timed_out(period=_PERIOD), timed_out)

    def grant_notify(self, function: lambda_.Function) -> None:
        """Allow the function to notify of a finished run: people by the topic, programs by the default event bus."""
        allow(function, ["sns:Publish"], self.topic.topic_arn)
        # SNS encrypts a message with the permissions of its publisher.
        allow(function, ["kms:Decrypt", "kms:GenerateDataKey"], self._key.key_arn)
        bus = cdk.Stack.of(self).format_arn(service="events", resource="event-bus", resource_name="default")
        allow(function, ["events:PutEvents"], bus)
        function.add_environment(names.TOPIC_ARN, self.topic.topic_arn)

    def alarm(
        self, name: str, metric: cloudwatch.IMetric, description: str, *, threshold: float = 1, periods: int = 1
    ) -> None:
        """Add an alarm that is on while the metric is at least `threshold` in so many periods."""
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            alarm_description=description,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            threshold=threshold,
            evaluation_periods=periods,
            # The metrics have no data as long as nothing fails.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        self.alarms.append(alarm)

    def _topic(self, settings: Settings) -> sns.Topic:
        """The topic. Its key allows CloudWatch alarms to publish, which the key that AWS manages for SNS does not."""
        # The embedded AWS uses plain HTTP on loopback.
        topic = sns.Topic(self, "Topic", master_key=self._key, enforce_ssl=not settings.local)
        # A topic policy replaces the default one, which allows alarms of this account to publish.
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[_ALARMS],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions=_from_this_account(self),
            )
        )
        if settings.local:
            acknowledge(topic, {"AwsSolutions-SNS3": "Plain HTTP, but it never leaves the machine."})
        if settings.notify_email is not None:
            topic.add_subscription(subscriptions.EmailSubscription(settings.notify_email))
        return topic

    def _own_key(self) -> kms.Key:
        """A key for this topic's messages only, so it can be deleted with the stack. It costs $1 a month."""
        key = kms.Key(
            self,
            "Key",
            description="Inference Unit Tuner: encrypts the alarms' topic",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            pending_window=cdk.Duration.days(7),
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[_ALARMS],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],  # in a key policy, `*` is this key
                conditions=_from_this_account(self),
            )
        )
        return key


def _from_this_account(scope: Construct) -> dict[str, dict[str, str]]:
    return {"StringEquals": {"aws:SourceAccount": cdk.Stack.of(scope).account}}
