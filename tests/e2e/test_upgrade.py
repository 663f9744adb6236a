"""The app is deployed over an earlier version: what held data still holds it, and that version's runs are read."""

from __future__ import annotations

import json

import pytest
from boto3.dynamodb.types import TypeDeserializer

from iu_tuner.cli.main import main
from tests.e2e.conftest import Upgraded
from tests.support.earlier_version import ITEMS, MODEL_ARN, RENAMED, REPORT, REPORT_KEY, STATEFUL, physical_ids


def test_what_held_data_is_the_same_resource(app: Upgraded) -> None:
    now = physical_ids(app.aws)
    before = {name: app.earlier[name] for name in STATEFUL["default"].keys() - RENAMED}

    assert {name: now.get(name) for name in before} == before


def test_it_still_holds_what_it_held(app: Upgraded) -> None:
    table, plain = app.aws.client("dynamodb"), TypeDeserializer().deserialize
    for item in ITEMS["finished"]:
        key = {name: item[name] for name in ("pk", "sk")}
        held = table.get_item(TableName=app.outputs.runs_table, Key=key)["Item"]
        assert plain({"M": held}) == plain({"M": item})

    assert app.read(REPORT_KEY) == REPORT


def test_the_client_lists_the_runs_of_the_earlier_version(
    app: Upgraded, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(name, value)

    assert main(["history", MODEL_ARN, "--json", "--endpoint-url", app.aws.url]) == 0

    (run,) = json.loads("[" + capsys.readouterr().out.partition("[")[2])
    assert (run["runId"], run["verdict"], run["maxTps"]["estimate"]) == ("run-1", "ok", 6.0)
