"""What outlives a run is encrypted, private, and neither lost nor kept for ever."""

from tests.infra.deployments import ENDPOINT, OTHER_VALUES, STARTS_BY_ITSELF
from tests.infra.synth import machine_id, only, resources, template, text


def test_the_runs_table_has_the_keys_and_the_expiry_of_the_contract() -> None:
    table = only("AWS::DynamoDB::Table")

    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert {each["AttributeType"] for each in table["AttributeDefinitions"]} == {"S"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}


def test_the_runs_table_is_on_demand_encrypted_and_recoverable() -> None:
    table = only("AWS::DynamoDB::Table")

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"]["SSEEnabled"] is True
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


def test_destroying_the_stack_keeps_the_users_images_but_leaves_no_table_or_log() -> None:
    kinds = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Logs::LogGroup")
    fates = {kind: {each["DeletionPolicy"] for each in resources(kind).values()} for kind in kinds}

    assert fates == {
        "AWS::S3::Bucket": {"Retain"},
        "AWS::DynamoDB::Table": {"Delete"},
        "AWS::Logs::LogGroup": {"Delete"},
    }


def test_the_bucket_is_encrypted_and_closed_to_the_public() -> None:
    bucket = only("AWS::S3::Bucket")

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_the_bucket_is_reached_over_tls_only() -> None:
    statements = only("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]

    plain = [each for each in statements if each["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}]
    assert [(each["Effect"], each["Action"], each["Principal"]) for each in plain] == [("Deny", "s3:*", {"AWS": "*"})]
    assert len(plain[0]["Resource"]) == 2


def test_only_locally_the_bucket_takes_plain_http_which_is_all_that_is_spoken_there() -> None:
    assert resources("AWS::S3::BucketPolicy", local="true") == {}
    assert len(resources("AWS::S3::BucketPolicy")) == 1


def test_the_bucket_drops_broken_uploads_and_old_reports_but_no_image() -> None:
    rules = only("AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]

    assert all(rule["Status"] == "Enabled" for rule in rules)
    assert [rule["Prefix"] for rule in rules if "ExpirationInDays" in rule] == ["reports/"]
    assert [rule for rule in rules if "AbortIncompleteMultipartUpload" in rule]


def test_the_outputs_are_those_of_the_contract_and_name_the_right_things() -> None:
    outputs = {name: text(output["Value"]) for name, output in template()["Outputs"].items()}

    (bucket,) = resources("AWS::S3::Bucket")
    (table,) = resources("AWS::DynamoDB::Table")
    machine = machine_id()
    (topic,) = resources("AWS::SNS::Topic")
    dashboards = outputs.pop("DashboardUrl")
    assert dashboards.endswith("#dashboards/dashboard/InferenceUnitTuner-<AWS::Region>")
    assert outputs == {
        "StateMachineArn": f"<{machine}>",
        "BatchStateMachineArn": f"<{machine_id('BatchWorkflow')}>",
        "ImageBucketName": f"<{bucket}>",
        "ReportBucketName": f"<{bucket}>",
        "RunsTableName": f"<{table}>",
        "PricePerInferenceUnitHourUsd": "4",
        "AlarmTopicArn": f"<{topic}>",
    }


def test_no_resource_has_a_name_of_its_own_so_that_two_stacks_can_live_side_by_side() -> None:
    # A table's name is TableName, a queue's QueueName; a schedule's and a rule's is Name.
    named = {
        f"{name}.{key}"
        for name, resource in template(**STARTS_BY_ITSELF)["Resources"].items()
        for key in resource.get("Properties", {})
        if key in ("Name", f"{resource['Type'].rpartition('::')[2]}Name")
    }

    # The dashboard's name begins with the stack's: its link is among the outputs.
    dashboards = {f"{name}.DashboardName" for name in resources("AWS::CloudWatch::Dashboard")}
    policies = {f"{name}.PolicyName" for name in resources("AWS::IAM::Policy", **STARTS_BY_ITSELF)}
    # A log group for Step Functions has to begin with /aws/vendedlogs/; the stack's id ends its name.
    logs = {f"{name}.LogGroupName" for name in resources("AWS::Logs::LogGroup") if "Workflow" in name}
    assert named <= policies | dashboards | logs


def test_the_client_learns_of_another_endpoint_of_the_model() -> None:
    assert template(**OTHER_VALUES)["Outputs"]["RekognitionEndpointUrl"]["Value"] == ENDPOINT
