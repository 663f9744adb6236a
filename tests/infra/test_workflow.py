"""The state machine as a graph: no end without the stop, nothing caught by halves, nothing done twice."""

from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from jsonata import Jsonata

from iu_tuner.contract.choices import MAX_WORKERS
from lambdas.capacity.ramp import SHORT_STEP_S
from lambdas.load.measured_step import MIN_LEAD_S
from lambdas.models.status import MAX_LOOKS
from tests.infra.deployments import OTHER_VALUES
from tests.infra.synth import definition, template, text
from tests.infra.synth import machine as synthesized

State = dict[str, Any]
SETTLING = "ReleaseModel"
# By its service model Lambda answers these where a function can't be invoked yet; it has not run.
NOT_READY = {
    f"Lambda.{name}Exception"
    for name in ("ResourceNotReady", "ResourceConflict", "ENINotReady", "EC2Throttled", "EC2Unexpected")
} | {"Lambda.CodeArtifactUserPendingException"}


def top() -> dict[str, State]:
    return dict(definition()["States"])


def the_try() -> dict[str, State]:
    (branch,) = top()["Measure"]["Branches"]
    return dict(branch["States"])


def every_state(states: dict[str, State] | None = None) -> Iterator[tuple[str, State]]:
    """All states, those in branches and maps too."""
    for name, state in (top() if states is None else states).items():
        yield name, state
        for branch in state.get("Branches", []):
            yield from every_state(branch["States"])
        if "ItemProcessor" in state:
            yield from every_state(state["ItemProcessor"]["States"])


def successors(state: State) -> set[str]:
    """Every state that can follow, after an error too."""
    ways = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return {way["Next"] for way in ways if "Next" in way} | ({state["Default"]} if "Default" in state else set())


def reachable(states: dict[str, State], start: str, *, without: str | None = None) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name not in seen and name != without:
            seen.add(name)
            todo.extend(successors(states[name]))
    return seen


def is_end(state: State) -> bool:
    return state["Type"] in ("Succeed", "Fail") or state.get("End") is True


def catches_everything(state: State) -> bool:
    return any(catcher["ErrorEquals"] == ["States.ALL"] for catcher in state.get("Catch", []))


def test_no_end_is_reachable_without_settling_but_that_of_a_run_without_a_lease() -> None:
    start = definition()["StartAt"]

    before = reachable(top(), start, without=SETTLING)

    assert [name for name in before if is_end(top()[name])] == ["RunSkipped"]
    (way,) = top()["LeaseAcquired?"]["Choices"]
    assert (way["Condition"], way["Next"]) == ("{% $states.input.holds = false %}", "RunSkipped")
    assert [name for name in reachable(top(), start) if is_end(top()[name])]


def test_no_state_before_the_settling_can_end_the_run_by_failing() -> None:
    before = reachable(top(), definition()["StartAt"], without=SETTLING)

    work = {name for name in before if top()[name]["Type"] in ("Task", "Parallel", "Map")}
    rest = [top()[name] for name in before - work - {"LeaseAcquired?", "RunSkipped"}]
    assert work == {"Prepare", "Measure"}
    assert all(catches_everything(top()[name]) for name in work)
    # A Pass that does no more than keep a value has nothing that can fail.
    values = [value for state in rest for value in [*state["Assign"].values(), state["Output"]]]
    assert {state["Type"] for state in rest} == {"Pass"}
    assert all(value in ("{% null %}", "{% $states.input %}", 0, {}) for value in values)


def test_all_that_starts_or_loads_the_model_is_inside_the_try() -> None:
    inside = {name for name, _ in every_state(the_try())}

    assert {"StartModel", "ProbeImages", "PlanStep", "Workers", "ApplyLoad", "Recommend"} <= inside
    after = set(top()) - reachable(top(), definition()["StartAt"], without=SETTLING) - {SETTLING}
    assert {name for name in after if top()[name]["Type"] == "Task"} == {"Publish", "ExplainFailure"}


def test_every_failure_on_the_way_ends_as_a_failure() -> None:
    for name in (SETTLING, "Publish", "ExplainFailure"):
        assert catches_everything(top()[name]), name
    assert [catcher["Next"] for catcher in top()["Publish"]["Catch"]] == ["RecordFailure"]
    for catcher in [*top()[SETTLING]["Catch"], *top()["ExplainFailure"]["Catch"]]:
        ends = {name for name in reachable(top(), catcher["Next"]) if is_end(top()[name])}
        assert {top()[name]["Type"] for name in ends} == {"Fail"}


def test_the_answer_is_published_only_after_the_model_was_seen_settled() -> None:
    to_publish = [name for name, state in top().items() if "Publish" in successors(state)]
    to_decision = [name for name, state in top().items() if "AnyFailure?" in successors(state)]
    settled = [choice for choice in top()["ModelReleased?"]["Choices"] if choice["Next"] == "AnyFailure?"]

    assert to_publish == ["AnyFailure?"]
    assert to_decision == ["ModelReleased?"]
    assert [choice["Condition"] for choice in settled] == ["{% $settled %}"]


def test_only_a_run_without_a_failure_may_apply_its_answer() -> None:
    told = top()[SETTLING]["Arguments"]["Payload"]["failed"]

    assert told == "{% $failure != null %}"
    assert top()["RecordFailure"]["Assign"]["failure"] == "{% $states.input %}"


def test_the_model_is_started_again_for_a_second_measurement_alone() -> None:
    to_start = [name for name, state in the_try().items() if "StartModel" in successors(state)]
    restart = [way for way in the_try()["MoreLoad?"]["Choices"] if way["Next"] == "StartModel"]
    given_up = [way for way in the_try()["ModelRunning?"]["Choices"] if way["Next"] == "Recommend"]

    assert sorted(to_start) == ["MoreLoad?", "WaitForStart"]
    assert [way["Condition"] for way in restart] == ["{% $restart %}"]
    assert [way["Condition"] for way in given_up] == ["{% $givenUp %}"]


def test_load_that_was_sent_is_never_repeated() -> None:
    workers = the_try()["Workers"]
    load = workers["ItemProcessor"]["States"]["ApplyLoad"]

    assert "Retry" not in workers
    retried = {error for retry in load["Retry"] for error in retry["ErrorEquals"]}
    assert retried == {"Lambda.TooManyRequestsException"} | NOT_READY
    assert "Retry" not in top()["Measure"]


def test_the_workers_are_express_children_of_a_distributed_map_that_all_run_at_once() -> None:
    workers = the_try()["Workers"]

    assert workers["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    assert workers["MaxConcurrency"] == MAX_WORKERS
    assert workers["ToleratedFailurePercentage"] == 100


def test_a_child_is_handed_what_it_needs_as_it_sees_no_variable_of_its_parents() -> None:
    workers = the_try()["Workers"]

    assert set(workers["ItemSelector"]) == {"runId.$", "step.$", "worker.$"}
    assert "$step" not in str(workers)
    assert "$states.context" not in str(workers["ItemProcessor"])


def tasks() -> dict[str, State]:
    found = {name: state for name, state in every_state() if state["Type"] == "Task"}
    assert {"ApplyLoad", SETTLING, "Publish"} <= found.keys()
    return found


def test_all_are_asked_again_when_lambda_is_busy() -> None:
    busy = {"Lambda.TooManyRequestsException", "Lambda.ServiceException", "Lambda.SdkClientException"}
    for name, state in tasks().items():
        retried = {error for retry in state.get("Retry", []) for error in retry["ErrorEquals"]}
        if name == "ApplyLoad":
            assert retried == {"Lambda.TooManyRequestsException"} | NOT_READY
        elif name == SETTLING:
            assert retried == {"States.ALL"}
        else:
            assert busy | NOT_READY <= retried, name
            assert "States.ALL" not in retried, name


def test_a_function_that_is_being_plugged_into_its_vpc_is_waited_for() -> None:
    for name, state in tasks().items():
        if name == SETTLING:
            continue
        (retry,) = (retry for retry in state["Retry"] if NOT_READY & {*retry["ErrorEquals"]})
        patience_s = sum(
            retry["IntervalSeconds"] * retry["BackoffRate"] ** turn for turn in range(retry["MaxAttempts"])
        )
        # That of a load, and the load itself, have to end within an Express execution's five minutes.
        least_s = 300 - 180 - 30 if name == "ApplyLoad" else 120
        assert least_s <= patience_s <= 120, name


def test_each_error_that_is_retried_is_one_of_lambda_s_invoke() -> None:
    model = botocore.session.get_session().get_service_model("lambda").operation_model("Invoke")
    known = {f"Lambda.{shape.name}" for shape in model.error_shapes}

    # What Step Functions says where there was no answer of Lambda's.
    of_the_sdk = {"AWSLambdaException", "SdkClientException", "ClientExecutionTimeoutException"}
    retried = {
        error for _, state in every_state() for retry in state.get("Retry", []) for error in retry["ErrorEquals"]
    }
    assert retried - {"States.ALL"} <= known | {f"Lambda.{name}" for name in of_the_sdk}


@pytest.mark.parametrize(("poll_s", "context"), [(5, OTHER_VALUES), (30, {}), (300, {"modelPollSeconds": 300})])
def test_the_machine_outlives_the_longest_run_and_its_stop(poll_s: int, context: dict[str, Any]) -> None:
    machine = definition(**context)
    (looks,) = (
        int(choice["Condition"].split("<")[1].strip(" %}"))
        for choice in machine["States"]["ModelReleased?"]["Choices"]
        if choice["Next"] == "WaitForRelease"
    )

    longest_run_s = 300 * 60
    assert longest_run_s + looks * poll_s + 600 <= machine["TimeoutSeconds"]
    assert looks >= 9
    assert looks * 9 < 2000, "an execution's history ends at 25,000 events"


def test_both_waits_last_as_long_as_the_setting_says() -> None:
    machine = definition(**OTHER_VALUES)

    waits = {name: state["Seconds"] for name, state in every_state(machine["States"]) if state["Type"] == "Wait"}
    assert waits == {"WaitForStart": 5, "WaitForRelease": 5}


def test_its_log_needs_no_line_in_the_accounts_log_resource_policy_and_its_name_is_free() -> None:
    machine = synthesized()
    (destination,) = machine["LoggingConfiguration"]["Destinations"]
    group = text(destination["CloudWatchLogsLogGroup"]["LogGroupArn"]).strip("<>").removesuffix(".Arn")
    name = template()["Resources"][group]["Properties"]["LogGroupName"]

    prefix, stack_id = name["Fn::Join"][1]
    assert prefix == "/aws/vendedlogs/states/InferenceUnitTuner-"
    assert {"Ref": "AWS::StackId"} in stack_id["Fn::Select"][1]["Fn::Split"]


def test_no_lambda_result_travels_from_state_to_state_but_the_answer() -> None:
    handed_on = {name for name, state in every_state() if state["Type"] == "Task" and state.get("Output") != {}}

    assert handed_on == {"Prepare", "Publish", "ExplainFailure"}
    assert (the_try()["Workers"]["ResultSelector"], the_try()["Workers"]["ResultPath"]) == (
        {"refused.$": "$[*].refused"},
        "$.outcome",
    )


def test_a_worker_that_lambda_refuses_is_told_apart_from_one_that_fails() -> None:
    inside = the_try()["Workers"]["ItemProcessor"]["States"]

    (catcher,) = inside["ApplyLoad"]["Catch"]
    assert catcher["ErrorEquals"] == ["Lambda.TooManyRequestsException", "Lambda.Unknown"]
    is_refused = jsonata(inside[catcher["Next"]]["Output"]["refused"])
    count_refused = jsonata(the_try()["PlanStep"]["Arguments"]["Payload"]["refusedWorkers"])

    def lost(error: str, cause: str) -> Any:
        return is_refused({"Error": error, "Cause": cause})

    assert lost("Lambda.TooManyRequestsException", "Rate Exceeded.") is True
    assert lost("Lambda.Unknown", '{"Reason": "TooManyRequestsException"}') is True
    assert lost("Lambda.Unknown", "RequestId: 1 Error: Runtime exited") is False
    assert count_refused({"outcome": {"refused": [True, False, True]}}) == 2
    assert count_refused({"outcome": {"refused": [True]}}) == 1
    assert count_refused({"outcome": {"refused": [False]}}) == count_refused({"outcome": {"refused": []}}) == 0
    assert count_refused({}) == 0


def jsonata(expression: str) -> Callable[[Any], Any]:
    """What an expression makes of a state's input."""
    query = expression.removeprefix("{%").removesuffix("%}").replace("$states.input", "input")
    return lambda given: Jsonata(query).evaluate({"input": given})


def test_a_refused_worker_is_not_asked_for_when_it_would_come_too_late_for_the_common_start() -> None:
    retries = the_try()["Workers"]["ItemProcessor"]["States"]["ApplyLoad"]["Retry"]
    (retry,) = (each for each in retries if "Lambda.TooManyRequestsException" in each["ErrorEquals"])

    waits = [retry["IntervalSeconds"] * retry["BackoffRate"] ** n for n in range(retry["MaxAttempts"])]
    shortest_step_s = MIN_LEAD_S + SHORT_STEP_S  # when the first workers of a step end
    assert sum(waits) < shortest_step_s


def test_the_looks_at_a_model_that_starts_and_that_stops_fit_into_a_history() -> None:
    machine = definition(modelPollSeconds=1, local=True)
    (settling,) = (
        int(choice["Condition"].split("<")[1].strip(" %}"))
        for choice in machine["States"]["ModelReleased?"]["Choices"]
        if choice["Next"] == "WaitForRelease"
    )

    # A run whose answer can't be published settles twice.
    assert 9 * (MAX_LOOKS + 2 * settling) < 25_000 - 2_000


def test_every_state_has_an_english_name_and_a_comment() -> None:
    states = list(every_state())

    assert len({name for name, _ in states}) == len(states)
    for name, state in states:
        assert name.rstrip("?").isalpha(), name
        assert len(state["Comment"]) > 10, name
    assert definition()["Comment"].startswith('Smallest input: {"modelArn":')


def test_a_task_calls_the_lambda_of_its_own_name() -> None:
    for name, state in every_state():
        if state["Type"] == "Task":
            assert state["Resource"] == "arn:<AWS::Partition>:states:::lambda:invoke"
            assert state["Arguments"]["FunctionName"].startswith(f"<Functions{name}"), name


def test_the_machine_is_standard_logs_everything_but_the_data_and_is_traced() -> None:
    machine = synthesized()

    assert machine.get("StateMachineType", "STANDARD") == "STANDARD"
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
    (log,) = machine["LoggingConfiguration"]["Destinations"]
    assert text(log["CloudWatchLogsLogGroup"]["LogGroupArn"]).startswith("<WorkflowLog")
    assert machine["TracingConfiguration"] == {"Enabled": True}
