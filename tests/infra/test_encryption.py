"""What holds data is encrypted, and reached over TLS only."""

import re
from typing import Any

from tests.infra.deployments import EVERYTHING, KEY, STARTS_BY_ITSELF, listed, statements
from tests.infra.synth import resources, text


def test_a_customer_managed_key_encrypts_all_that_holds_data() -> None:
    (table,) = resources("AWS::DynamoDB::Table", **EVERYTHING).values()
    (bucket,) = resources("AWS::S3::Bucket", **EVERYTHING).values()
    (rule,) = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert table["Properties"]["SSESpecification"] == {"KMSMasterKeyId": KEY, "SSEEnabled": True, "SSEType": "KMS"}
    assert rule["ServerSideEncryptionByDefault"] == {"KMSMasterKeyID": KEY, "SSEAlgorithm": "aws:kms"}
    for kind, name in (
        ("AWS::SQS::Queue", "KmsMasterKeyId"),
        ("AWS::SNS::Topic", "KmsMasterKeyId"),
        ("AWS::Logs::LogGroup", "KmsKeyId"),
    ):
        assert {each["Properties"].get(name) for each in resources(kind, **EVERYTHING).values()} == {KEY}
    assert resources("AWS::KMS::Key", **EVERYTHING) == {}


def test_without_a_key_the_queues_are_encrypted_by_sqs_and_the_topic_by_a_key_that_rotates() -> None:
    (name,) = resources("AWS::KMS::Key")
    (key,) = resources("AWS::KMS::Key").values()
    (topic,) = resources("AWS::SNS::Topic").values()

    queues = resources("AWS::SQS::Queue", **STARTS_BY_ITSELF).values()
    assert {queue["Properties"]["SqsManagedSseEnabled"] for queue in queues} == {True}
    assert text(topic["Properties"]["KmsMasterKeyId"]) == f"<{name}.Arn>"
    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["DeletionPolicy"] == "Delete"


def test_each_lambda_may_use_the_key_for_what_it_does_and_no_other() -> None:
    uses: dict[str, set[str]] = {}
    for name, statement in statements(**EVERYTHING):
        for action in listed(statement["Action"]):
            if action.startswith("kms:"):
                assert listed(statement["Resource"]) == [KEY]
                uses.setdefault(name, set()).add(action)

    decrypt, both = {"kms:Decrypt"}, {"kms:Decrypt", "kms:GenerateDataKey"}
    writers = {name for name, actions in uses.items() if actions == both}
    assert all(actions in (decrypt, both) for actions in uses.values())
    # Publish and the steps of a batch write to the bucket, as AnalyseUploads does, which sends dead letters, too;
    # schedules write to their dead letters, and what can end a run to the topic.
    assert {re.sub("([0-9a-f]{8})?Role.*", "", name) for name in writers} == {
        "FunctionsAnalyseUploads",
        "FunctionsListImages",
        "FunctionsProcessImages",
        "FunctionsPublishBatch",
        "FunctionsSummarise",
        "InferenceGatekeeperSchedule",
        "FunctionsExplainFailure",
        "FunctionsJanitor",
        "FunctionsReleaseOrphanedModel",
        "FunctionsPublish",
        "FunctionsPublishServe",
        "SafetyNetJanitorSchedule",
        "TriggersSchedules",
    }
    assert not [name for name, _ in statements() if "kms" in name]


def test_queues_and_topic_are_reached_over_tls_only_but_for_the_plain_http_of_the_embedded_aws() -> None:
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    queues, topics = resources("AWS::SQS::Queue", **STARTS_BY_ITSELF), resources("AWS::SNS::Topic")
    kinds = ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")

    def refusing(**context: object) -> list[dict[str, Any]]:
        return [
            statement
            for kind in kinds
            for policy in resources(kind, **context).values()
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
            if (statement["Effect"], statement.get("Condition")) == ("Deny", insecure)
        ]

    assert len(refusing(**STARTS_BY_ITSELF)) == len(queues) + len(topics)
    assert refusing(**STARTS_BY_ITSELF, local="true") == []
