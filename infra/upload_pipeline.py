"""One upload pipeline: a rule, a queue with dead letters, and a Lambda that is fed while the gate is open."""

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as events_targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.model_service import ModelService
from infra.resources.functions import ANALYSE_UPLOADS_S
from infra.resources.permissions import allow
from infra.resources.queues import work_queue
from infra.resources.storage import Storage
from infra.settings.settings import Settings
from iu_tuner.contract import names
from iu_tuner.contract.uploads.entry import InferenceEntry

# Six times the Lambda's timeout, as Lambda's documentation recommends.
_VISIBILITY = cdk.Duration.seconds(6 * ANALYSE_UPLOADS_S)
# The maximum of SQS: a message that waits was not received in vain. Attempts at an image are counted elsewhere.
MAX_RECEIVES = 1000
# On a field of a rule; EventBridge refuses a rule as too complex with 6, and some in use with 4.
MAX_WILDCARDS = 3


class Pipeline(Construct):
    """`gate` is the event source mapping, deployed disabled: the Gatekeeper enables it while the model runs."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        entry: InferenceEntry,
        storage: Storage,
        models: ModelService,
        analyse_uploads: lambda_.Function,
        undelivered: sqs.IQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        self.entry = entry
        self.queue = work_queue(
            self,
            construct_id,
            settings=settings,
            visibility=_VISIBILITY,
            receives=MAX_RECEIVES,
            name=entry.queue_name,
            key=self._own_key(entry),
        )
        assert self.queue.dead_letter_queue is not None
        self.dead_letters = self.queue.dead_letter_queue.queue
        self._rule(storage, undelivered)
        self.gate = self._feed(analyse_uploads)
        self._grant(analyse_uploads, storage, models)

    def grant_gate(self, function: lambda_.Function) -> None:
        """Allow the function to find the gate, and to open and close it.

        The gate's policy stands by itself: the role's own has to exist before the function, which the gate needs.
        """
        assert function.role is not None
        reason = "ListEventSourceMappings knows no resource-level permissions."
        allow(function, ["lambda:ListEventSourceMappings"], "*", wildcard=reason)
        gate = cdk.Stack.of(self).format_arn(
            service="lambda",
            resource="event-source-mapping",
            resource_name=self.gate.event_source_mapping_id,
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        iam.Policy(
            self,
            f"{function.node.id}Gate",
            roles=[function.role],
            statements=[iam.PolicyStatement(actions=["lambda:UpdateEventSourceMapping"], resources=[gate])],
        )

    def _own_key(self, entry: InferenceEntry) -> kms.Key | None:
        """The key under the alias that the entry names, for this queue only. It costs $1 a month."""
        if entry.key_alias is None:
            return None
        return kms.Key(
            self,
            "Key",
            alias=entry.key_alias,
            description=f"Inference Unit Tuner: encrypts the queue of uploads under {entry.prefix}",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            pending_window=cdk.Duration.days(7),
        )

    def _rule(self, storage: Storage, undelivered: sqs.IQueue) -> None:
        """A rule that matches about the images. The Lambda checks the whole of their suffixes."""
        events.Rule(
            self,
            "Uploaded",
            description=f"Images were uploaded under {self.entry.prefix}"[:512],
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={"bucket": {"name": [storage.send_events().bucket_name]}, "object": {"key": _keys(self.entry)}},
            ),
            targets=[events_targets.SqsQueue(self.queue, dead_letter_queue=undelivered)],
        )

    def _feed(self, function: lambda_.Function) -> lambda_.EventSourceMapping:
        return lambda_.EventSourceMapping(
            self,
            "Gate",
            target=function,
            event_source_arn=self.queue.queue_arn,
            enabled=False,
            batch_size=10,
            report_batch_item_failures=True,
            max_concurrency=2,  # the Gatekeeper sets it by the model's rate when it opens the gate
        )

    def _grant(self, function: lambda_.Function, storage: Storage, models: ModelService) -> None:
        actions = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility")
        allow(function, [f"sqs:{action}" for action in actions], self.queue.queue_arn)
        allow(function, ["sqs:SendMessage"], self.dead_letters.queue_arn)
        if (key := self.queue.encryption_master_key) is not None:
            allow(function, ["kms:Decrypt", "kms:GenerateDataKey"], key.key_arn)
        function.add_environment(names.QUEUE_URL, self.queue.queue_url)
        function.add_environment(names.DEAD_LETTERS_URL, self.dead_letters.queue_url)
        models.grant(function, "DetectCustomLabels", model_arn=self.entry.model_arn)
        storage.grant_uploads(function, self.entry)
        storage.grant_runs(function, "GetItem", "PutItem", "UpdateItem")
        self.grant_gate(function)  # to close it at once when the model is gone
        if self.entry.event:
            bus = cdk.Stack.of(self).format_arn(service="events", resource="event-bus", resource_name="default")
            allow(function, ["events:PutEvents"], bus)


def _keys(entry: InferenceEntry) -> list[dict[str, str]]:
    """The pattern of the keys: the prefix, and the last characters of the suffixes in both cases.

    So a result beside its image makes no message. If these are too many for EventBridge, or unusual ones, only the
    prefix is matched.
    """
    ends = {suffix[-1] for suffix in entry.suffixes}
    cases = sorted({case for end in ends for case in (end.lower(), end.upper())})
    if len(cases) > MAX_WILDCARDS or not all(end.isascii() and end.isalnum() for end in ends):
        return [{"prefix": entry.prefix}]
    return [{"wildcard": f"{entry.prefix}*{case}"} for case in cases]
