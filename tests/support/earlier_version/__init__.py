"""The stack of version 0.1.0, as it was before the packages were named anew, in an embedded AWS.

`template.json.gz` is what the CDK made of it, with local=true and modelPollSeconds=1. `items.json` is what it had in
its runs table after a run, and in the middle of another one. `stateful_resources.json` names what holds data.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from iu_tuner.contract.names import STACK
from local.embedded_aws import EmbeddedAws

_FOLDER = Path(__file__).parent
ITEMS: dict[str, list[dict[str, Any]]] = json.loads((_FOLDER / "items.json").read_text("utf-8"))
STATEFUL: dict[str, dict[str, str]] = json.loads((_FOLDER / "stateful_resources.json").read_text("utf-8"))
MODEL_ARN: str = next(item["modelArn"]["S"] for item in ITEMS["finished"] if item["sk"]["S"] == "RUN")
REPORT_KEY, REPORT = ("reports/run-1/report.html", b"a report of the earlier version")
# Two Lambdas have new names, and a month of logs goes with the old ones.
RENAMED = {"FunctionsRescueModelLogs12DADD9A", "FunctionsSettleModelLogsCD7B4545"}
_TEMPLATES = "templates"
# The functions' code is not kept: in its place is what answers the stack's custom resource.
_ANSWER = """
import json, urllib.request
def handler(event, context):
    reply = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId") if name in event}
    body = json.dumps({**reply, "Status": "SUCCESS", "PhysicalResourceId": "earlier"}).encode()
    if "ResponseURL" in event:
        urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], body, method="PUT"))
"""


def deploy_earlier_version(aws: EmbeddedAws) -> dict[str, str]:
    """Create the stack with the items of a run and its report; returns its physical ids by logical id."""
    template = json.loads(gzip.decompress((_FOLDER / "template.json.gz").read_bytes()))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"] |= {"Code": {"ZipFile": _ANSWER}, "Handler": "index.handler"}
    s3, stacks = aws.client("s3"), aws.client("cloudformation")
    s3.create_bucket(Bucket=_TEMPLATES)
    s3.put_object(Bucket=_TEMPLATES, Key="template.json", Body=json.dumps(template))
    url = f"{aws.url}/{_TEMPLATES}/template.json"
    stacks.create_stack(StackName=STACK, TemplateURL=url, Capabilities=["CAPABILITY_NAMED_IAM"])
    stacks.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    found = physical_ids(aws)
    for item in ITEMS["finished"]:
        aws.client("dynamodb").put_item(TableName=found["StorageRunsEDEB48FF"], Item=item)
    s3.put_object(Bucket=found["StorageImagesCFC0E004"], Key=REPORT_KEY, Body=REPORT)
    return found


def physical_ids(aws: EmbeddedAws) -> dict[str, str]:
    """The physical ids of the stack's resources, by logical id."""
    pages = aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    resources = [each for page in pages for each in page["StackResourceSummaries"]]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}
