"""Each Lambda: its code, size, logs, traces, environment, and exactly the rights that its state needs."""

import json
import platform
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.infra.deployments import ENDPOINT, LAYER, OTHER_VALUES
from tests.infra.synth import REPOSITORY, machine, machine_id, resources, template, text

STATES = [
    "Prepare",
    "StartModel",
    "ProbeImages",
    "PlanStep",
    "ApplyLoad",
    "Recommend",
    "ReleaseModel",
    "Publish",
    "ExplainFailure",
]
BATCH_STATES = [
    "PrepareBatch",
    "ListImages",
    "FindCurrent",
    "QuoteBatch",
    "PlanRound",
    "ProcessImages",
    "Summarise",
    "PublishBatch",
]
SAFETY_NET = ["ReleaseOrphanedModel", "Janitor", "StopOnDelete"]
LAMBDAS = STATES + BATCH_STATES + SAFETY_NET
TALK_TO_THE_MODEL = {*SAFETY_NET, "Prepare", "StartModel", "ProbeImages", "PlanStep", "ApplyLoad", "ReleaseModel"} | {
    "PrepareBatch",
    "PlanRound",
    "ProcessImages",
}
# Of every Lambda: logs into its own log group; X-Ray has no resources.
OF_ALL = {
    ("logs:CreateLogStream", "own log group"),
    ("logs:PutLogEvents", "own log group"),
    ("xray:PutTraceSegments", "*"),
    ("xray:PutTelemetryRecords", "*"),
}
PREFIX = "arn:<AWS::Partition>:rekognition:<AWS::Region>:<AWS::AccountId>:"
PROJECTS = f"{PREFIX}project/*"
VERSIONS = f"{PREFIX}project/*/version/*"
DEFAULT_BUS = "arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:event-bus/default"
EXECUTIONS = "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<the machine's name>:*"
BATCH_EXECUTIONS = EXECUTIONS.replace("the machine", "the batch machine")
# What it takes to settle a lease: the look, the move, the lease and the receipt.
SETTLE = {
    ("rekognition:DescribeProjectVersions", PROJECTS),
    ("rekognition:StopProjectVersion", VERSIONS),
    ("rekognition:StartProjectVersion", VERSIONS),
    ("dynamodb:GetItem", "runs"),
    ("dynamodb:UpdateItem", "runs"),
    ("dynamodb:DeleteItem", "runs"),
}
# What every state of a batch reads and writes of its run; its files; the images' results.
OF_A_BATCH = {("dynamodb:GetItem", "runs"), ("dynamodb:UpdateItem", "runs"), ("dynamodb:Query", "runs")}
PUT_ITEM = ("dynamodb:PutItem", "runs")
READ_FILES, WRITE_FILES = ("s3:GetObject", "bucket/batches/*"), ("s3:PutObject", "bucket/batches/*")
RESULTS = ("bucket/*.json", "bucket/*.mask.png")
READ_RESULTS = {("s3:GetObject", files) for files in RESULTS}
READ_ALL, LIST_ALL = ("s3:GetObject", "bucket/*"), ("s3:ListBucket", "bucket")
# What it takes to tell of a run that is over.
TELL = {
    ("events:PutEvents", "default bus"),
    ("sns:Publish", "topic"),
    ("kms:Decrypt", "topic's key"),
    ("kms:GenerateDataKey", "topic's key"),
}
RIGHTS_OF_BATCHES = {
    "PrepareBatch": OF_A_BATCH
    | {
        ("rekognition:DescribeProjects", "*"),
        ("rekognition:DescribeProjectVersions", PROJECTS),
        ("cloudwatch:GetMetricData", "*"),
        ("servicequotas:ListServiceQuotas", "*"),
        ("lambda:GetAccountSettings", "*"),
        ("dynamodb:DeleteItem", "runs"),
        ("dynamodb:Scan", "runs/index/Leases"),
        PUT_ITEM,
        LIST_ALL,
    },
    "ListImages": OF_A_BATCH | {PUT_ITEM, LIST_ALL, READ_ALL, READ_FILES, WRITE_FILES},
    "FindCurrent": OF_A_BATCH | {PUT_ITEM, LIST_ALL, READ_ALL, *READ_RESULTS, READ_FILES},
    "QuoteBatch": OF_A_BATCH,
    "PlanRound": OF_A_BATCH
    | {PUT_ITEM, ("rekognition:DescribeProjectVersions", PROJECTS), ("cloudwatch:GetMetricData", "*")},
    "ProcessImages": OF_A_BATCH
    | {
        ("rekognition:DetectCustomLabels", VERSIONS),
        ("rekognition:StopProjectVersion", VERSIONS),
        *READ_RESULTS,
        *((f"s3:{action}Object", files) for action in ("Put", "Delete") for files in RESULTS),
        LIST_ALL,
        READ_ALL,
        READ_FILES,
        WRITE_FILES,
    },
    "Summarise": OF_A_BATCH | {PUT_ITEM, READ_ALL, READ_FILES, WRITE_FILES},
    "PublishBatch": OF_A_BATCH | TELL | {PUT_ITEM, READ_FILES, ("s3:PutObject", "bucket/reports/*")},
}
RIGHTS = RIGHTS_OF_BATCHES | {
    "Prepare": {
        ("dynamodb:Scan", "runs/index/Leases"),
        ("rekognition:DescribeProjects", "*"),
        ("rekognition:DescribeProjectVersions", PROJECTS),
        ("s3:ListBucket", "bucket"),
        ("s3:GetObject", "bucket/*"),
        ("cloudwatch:GetMetricData", "*"),
        ("servicequotas:ListServiceQuotas", "*"),
        ("servicequotas:ListAWSDefaultServiceQuotas", "*"),
        ("lambda:GetAccountSettings", "*"),
        ("dynamodb:GetItem", "runs"),
        ("dynamodb:Query", "runs"),
        ("dynamodb:PutItem", "runs"),
        ("dynamodb:UpdateItem", "runs"),
        ("dynamodb:DeleteItem", "runs"),
    },
    "StartModel": {
        ("rekognition:DescribeProjectVersions", PROJECTS),
        ("rekognition:StartProjectVersion", VERSIONS),
        ("rekognition:StopProjectVersion", VERSIONS),
        ("dynamodb:GetItem", "runs"),
        ("dynamodb:UpdateItem", "runs"),
    },
    "ProbeImages": {
        ("rekognition:DetectCustomLabels", VERSIONS),
        ("s3:GetObject", "bucket/*"),
        ("dynamodb:GetItem", "runs"),
        ("dynamodb:PutItem", "runs"),
        ("dynamodb:UpdateItem", "runs"),
    },
    "PlanStep": {
        ("rekognition:DescribeProjectVersions", PROJECTS),
        ("dynamodb:GetItem", "runs"),
        ("dynamodb:Query", "runs"),
        ("dynamodb:PutItem", "runs"),
        ("dynamodb:UpdateItem", "runs"),
    },
    "ApplyLoad": {
        ("rekognition:DetectCustomLabels", VERSIONS),
        ("s3:GetObject", "bucket/*"),
        ("dynamodb:GetItem", "runs"),
        ("dynamodb:PutItem", "runs"),
    },
    "Recommend": {
        ("dynamodb:GetItem", "runs"),
        ("dynamodb:Query", "runs"),
        ("dynamodb:PutItem", "runs"),
        ("dynamodb:UpdateItem", "runs"),
        ("servicequotas:ListServiceQuotas", "*"),
    },
    "ReleaseModel": SETTLE,
    "Publish": {
        ("s3:PutObject", "bucket/reports/*"),
        ("dynamodb:GetItem", "runs"),
        ("dynamodb:Query", "runs"),
        ("dynamodb:PutItem", "runs"),
        ("dynamodb:UpdateItem", "runs"),
        ("dynamodb:DeleteItem", "runs"),
    }
    | TELL,
    "ExplainFailure": {
        ("s3:PutObject", "bucket/reports/*"),
        ("dynamodb:GetItem", "runs"),
        ("dynamodb:Query", "runs"),
        ("dynamodb:UpdateItem", "runs"),
    }
    | TELL,
    "ReleaseOrphanedModel": SETTLE
    | TELL
    | {("dynamodb:Query", "runs"), ("dynamodb:Scan", "runs/index/Leases")}
    | {
        (f"sqs:{action}", "ended")
        for action in (
            "ReceiveMessage",
            "DeleteMessage",
            "ChangeMessageVisibility",
            "GetQueueUrl",
            "GetQueueAttributes",
        )
    },
    "Janitor": SETTLE
    | TELL
    | {
        ("dynamodb:Query", "runs"),
        ("dynamodb:Scan", "runs/index/Leases"),
        ("states:DescribeExecution", EXECUTIONS),
        ("states:DescribeExecution", BATCH_EXECUTIONS),
    },
    "StopOnDelete": SETTLE
    | {
        ("dynamodb:Scan", "runs/index/Leases"),
        ("dynamodb:PutItem", "runs"),
        ("states:ListExecutions", "<machine>"),
        ("states:ListExecutions", "<batch machine>"),
        ("states:StopExecution", EXECUTIONS),
        ("states:StopExecution", BATCH_EXECUTIONS),
    },
}


def functions(**context: object) -> dict[str, dict[str, Any]]:
    """State -> properties of its Lambda."""
    found = resources("AWS::Lambda::Function", **context)
    return {re.sub("^Functions(.*)[0-9A-F]{8}$", r"\1", name): each["Properties"] for name, each in found.items()}


def rights(state: str, **context: object) -> set[tuple[str, str]]:
    """All that the role of the state's Lambda allows: (action, resource), the stack's resources by their part."""
    function = functions(**context)[state]
    role = function["Role"]["Fn::GetAtt"][0]
    (bucket,) = resources("AWS::S3::Bucket", **context)
    (table,) = resources("AWS::DynamoDB::Table", **context)
    own_logs = text(function["LoggingConfig"]["LogGroup"]).strip("<>")
    machine = machine_id("Workflow", **context)
    its_name = json.dumps({"Fn::Select": [6, {"Fn::Split": [":", {"Ref": machine}]}]})
    batches = machine_id("BatchWorkflow", **context)
    batches_name = json.dumps({"Fn::Select": [6, {"Fn::Split": [":", {"Ref": batches}]}]})
    (ended,) = (
        name
        for name in resources("AWS::SQS::Queue", **context)
        if name.startswith("SafetyNetEnded") and "DeadLetters" not in name and "Undelivered" not in name
    )
    (topic,) = resources("AWS::SNS::Topic", **context)
    (key,) = resources("AWS::KMS::Key", **context)
    parts = {
        f"<{topic}>": "topic",
        f"<{key}.Arn>": "topic's key",
        DEFAULT_BUS: "default bus",
        f"<{bucket}.Arn>": "bucket",
        f"<{table}.Arn>": "runs",
        f"<{own_logs}.Arn>": "own log group",
        f"<{ended}.Arn>": "ended",
        f"<{machine}>": "<machine>",
        f"<{batches}>": "<batch machine>",
    }
    allowed = set()
    for policy in resources("AWS::IAM::Policy", **context).values():
        if {"Ref": role} not in policy["Properties"]["Roles"]:
            continue
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in _listed(statement["Action"]):
                for resource in map(text, _listed(statement["Resource"])):
                    resource = resource.replace(its_name, "<the machine's name>")
                    resource = resource.replace(batches_name, "<the batch machine's name>")
                    head, slash, rest = resource.partition("/")
                    allowed.add((action, parts.get(resource) or parts.get(head, head) + slash + rest))
    return allowed


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_there_is_one_lambda_per_state_those_of_the_safety_net_and_no_other() -> None:
    assert sorted(functions()) == sorted(LAMBDAS)


@pytest.mark.parametrize("state", LAMBDAS)
def test_a_state_is_called_like_its_handler(state: str) -> None:
    handler = functions()[state]["Handler"]

    module = handler.removeprefix("lambdas.handlers.").removesuffix(".handler")
    assert module == re.sub("(?<=[a-z])([A-Z])", r"_\1", state).lower()
    assert (REPOSITORY / "lambdas" / "handlers" / f"{module}.py").is_file()


@pytest.mark.parametrize("state", LAMBDAS)
def test_a_role_allows_exactly_what_its_state_does(state: str) -> None:
    assert rights(state) == RIGHTS[state] | OF_ALL


PARAMETERS = "arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter/inference-units/*"


@pytest.mark.parametrize(
    ("context", "state", "right"),
    [({"answerParameterPrefix": "/inference-units/"}, "Publish", ("ssm:PutParameter", PARAMETERS))],
)
def test_a_setting_adds_one_right_to_one_lambda(context: dict[str, str], state: str, right: tuple[str, str]) -> None:
    for each in LAMBDAS:
        more = {right} if each == state else set()
        assert rights(each, **context) == RIGHTS[each] | OF_ALL | more


def test_publish_knows_the_parameter_prefix_where_the_settings_have_one() -> None:
    told = functions(answerParameterPrefix="/units/")

    assert told["Publish"]["Environment"]["Variables"]["ANSWER_PARAMETER_PREFIX"] == "/units/"
    assert "ANSWER_PARAMETER_PREFIX" not in functions()["Publish"]["Environment"]["Variables"]


def test_no_two_lambdas_share_a_role_and_no_role_has_a_managed_policy() -> None:
    roles = [text(function["Role"]) for function in functions().values()]

    assert len(set(roles)) == len(LAMBDAS)
    for role in resources("AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role["Properties"]
        assert "Policies" not in role["Properties"]


def test_with_model_arns_the_roles_touch_those_models_and_no_other() -> None:
    arns = [
        f"arn:aws:rekognition:us-east-1:123456789012:project/{project}/version/{version}/1615476219000"
        for project, version in (("bees", "v1"), ("bees", "v2"), ("wasps", "v1"))
    ]

    touched = {
        (action, resource)
        for state in LAMBDAS
        for action, resource in rights(state, modelArns=arns)
        if action.startswith("rekognition:") and action != "rekognition:DescribeProjects"
    }

    on_versions = ("StartProjectVersion", "StopProjectVersion", "DetectCustomLabels")
    projects = [f"arn:aws:rekognition:us-east-1:123456789012:project/{name}/*" for name in ("bees", "wasps")]
    assert touched == {(f"rekognition:{action}", arn) for action in on_versions for arn in arns} | {
        ("rekognition:DescribeProjectVersions", project) for project in projects
    }


def test_on_aws_the_lambdas_run_python_3_13_on_arm64_with_the_pinned_powertools_layer() -> None:
    (layer,) = (name for name in template()["Parameters"] if "powertools" in name)

    for function in functions().values():
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
        assert function["Layers"] == [{"Ref": layer}]
    default = template()["Parameters"][layer]["Default"]
    assert re.fullmatch(r"/aws/service/powertools/python/arm64/python3\.13/\d+\.\d+\.\d+", default)


def test_the_layer_is_the_powertools_that_the_tests_run_with_and_a_page_tells_how_to_look_for_it() -> None:
    from importlib.metadata import version

    from infra.resources.functions import POWERTOOLS_PARAMETER

    assert POWERTOOLS_PARAMETER.rpartition("/")[2] == version("aws-lambda-powertools")
    page = (REPOSITORY / "docs" / "configuration.md").read_text("utf-8")
    assert f"\naws ssm get-parameter --name {POWERTOOLS_PARAMETER}\n" in page


def test_another_layer_is_taken_and_nothing_is_looked_up() -> None:
    for function in functions(**OTHER_VALUES).values():
        assert function["Layers"] == [LAYER]
    assert "powertools" not in str(template(**OTHER_VALUES).get("Parameters"))


def test_locally_the_lambdas_run_this_python_without_a_layer() -> None:
    architecture = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"

    for function in functions(local="true").values():
        assert function["Runtime"] == f"python{sys.version_info.major}.{sys.version_info.minor}"
        assert function["Architectures"] == [architecture]
        assert not function.get("Layers")
    assert "Parameters" not in template(local="true") or "powertools" not in str(template(local="true")["Parameters"])


def test_local_changes_nothing_in_the_state_machine() -> None:
    for part in ("Workflow", "BatchWorkflow"):
        assert machine(part, local="true")["DefinitionString"] == machine(part)["DefinitionString"]


def test_each_lambda_logs_json_into_a_group_of_its_own_with_an_end_and_is_traced() -> None:
    groups = resources("AWS::Logs::LogGroup")

    assert all(group["Properties"]["RetentionInDays"] == 30 for group in groups.values())
    assert {function["LoggingConfig"]["LogFormat"] for function in functions().values()} == {"JSON"}
    own = {text(function["LoggingConfig"]["LogGroup"]).strip("<>") for function in functions().values()}
    assert len(own) == len(LAMBDAS)
    assert own < set(groups)
    assert {function["TracingConfig"]["Mode"] for function in functions().values()} == {"Active"}


def test_what_is_invoked_for_each_upload_or_each_minute_is_not_traced() -> None:
    entry = {"prefix": "live/", "modelArn": "arn:aws:rekognition:us-east-1:123456789012:project/a/version/b/1"}
    every = functions(inference=json.dumps([entry]))

    untraced = {each["Description"] for each in every.values() if "TracingConfig" not in each}
    assert untraced == {"Inference Unit Tuner: AnalyseUploads", "Inference Unit Tuner: Gatekeeper"}


def test_every_lambda_knows_the_table_the_bucket_the_price_and_its_service() -> None:
    for function in functions(**OTHER_VALUES).values():
        environment = function["Environment"]["Variables"]
        (bucket,) = resources("AWS::S3::Bucket", **OTHER_VALUES)
        (table,) = resources("AWS::DynamoDB::Table", **OTHER_VALUES)
        assert text(environment["RUNS_TABLE"]) == f"<{table}>"
        assert text(environment["IMAGE_BUCKET"]) == f"<{bucket}>"
        assert environment["PRICE_PER_IU_HOUR_USD"] == "1.5"
        assert environment["POWERTOOLS_SERVICE_NAME"] == "inference-unit-tuner"


@pytest.mark.parametrize("url", [None, ENDPOINT])
def test_only_those_that_talk_to_the_model_are_told_of_another_endpoint(url: str | None) -> None:
    context = {} if url is None else OTHER_VALUES

    told = {
        state: function["Environment"]["Variables"]["AWS_ENDPOINT_URL_REKOGNITION"]
        for state, function in functions(**context).items()
        if "AWS_ENDPOINT_URL_REKOGNITION" in function["Environment"]["Variables"]
    }

    assert told == ({} if url is None else dict.fromkeys(TALK_TO_THE_MODEL, url))


def test_the_load_has_a_whole_cpu_and_time_for_the_longest_step() -> None:
    load = functions()["ApplyLoad"]

    assert load["MemorySize"] >= 1769
    assert load["Timeout"] >= 120


def test_the_lambdas_share_one_asset_that_holds_only_their_code(tmp_path: Path) -> None:
    import aws_cdk as cdk

    from tests.infra.synth import FLAGS, stack

    app = cdk.App(outdir=str(tmp_path), context=FLAGS)
    stack(app)
    app.synth()

    (asset,) = (path for path in tmp_path.iterdir() if path.name.startswith("asset."))
    files = [path.relative_to(asset) for path in asset.rglob("*") if path.is_file()]
    assert Path("lambdas/handlers/prepare.py") in files
    assert {path.parts[0] for path in files} == {"lambdas", "iu_tuner"}
    assert {path.parts[1] for path in files if path.parts[0] == "iu_tuner"} == {"__init__.py", "formats.py", "contract"}
    others = {path.parent for path in files if path.suffix != ".py"}
    assert others == {Path("lambdas/reports/page"), Path("lambdas/reports/page/vendor")}
