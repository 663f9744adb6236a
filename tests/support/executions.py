"""Executions that break where their names say so."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc, stepfunctions

from tests.support.journal import Journal, replace
from tests.support.named_faults import ENDING_KINDS, NamedFault, fault_named

# Long enough for the Lambda to be at work; a load is under way, not only being prepared.
END_AFTER_S = 0.3
END_LOAD_AFTER_S = 2.0
END_ROUND_AFTER_S = 1.5
KILL_AFTER_START_S = 2.0
TIMES_THROTTLED = 2


class ExecutionEnded(Exception):
    """The execution was ended from outside: no Retry, no Catch and no further state sees this."""


def state_of(function_ref: str) -> str | None:
    """The state that a Lambda of the app stands for: `lambdas.handlers.plan_step.handler` is PlanStep."""
    _, config, _ = lambda_svc._get_func_record_for_ref(function_ref)
    match = re.fullmatch(r"lambdas\.handlers\.(\w+)\.handler", (config or {}).get("Handler", ""))
    return "".join(word.capitalize() for word in match[1].split("_")) if match else None


class Executions:
    """Patches ministack's Step Functions; injected faults go to the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._running: dict[str, dict[str, Any]] = {}
        self._ending: set[str] = set()
        self._calls: Counter[str] = Counter()
        self._killed: set[str] = set()
        self._lock = threading.Lock()

    def patch(self) -> None:
        """From now on executions break."""
        replace(stepfunctions, "_run_execution", self._known_by_name)
        replace(stepfunctions, "_call_lambda", self._broken_calls)
        replace(stepfunctions, "_execute_wait", self._broken_waits)
        replace(lambda_runtime.Worker, "invoke", self._mortal)

    def abort(self, run_id: str) -> None:
        """StopExecution."""
        stepfunctions._stop_execution({"executionArn": self._running[run_id]["executionArn"]})

    def _known_by_name(self, run_execution: Callable[..., Any]) -> Callable[..., Any]:
        def run(execution_arn: str) -> None:
            execution = stepfunctions._executions[execution_arn]
            self._running[execution["name"]] = execution
            run_execution(execution_arn)

        return run

    def _broken_calls(self, call_lambda: Callable[..., Any]) -> Callable[..., Any]:
        def call(function_ref: str, event: Any) -> Any:
            run_id = event.get("runId") if isinstance(event, dict) else None
            if not isinstance(run_id, str):
                return call_lambda(function_ref, event)
            self._require_running(run_id)
            fault = fault_named(run_id)
            if fault is None or fault.state != state_of(function_ref):
                return call_lambda(function_ref, event)
            is_first = self._break_before(run_id, fault, event)
            answer = call_lambda(function_ref, event)
            if run_id in self._ending:
                # However quick the Lambda was: the execution ends before it hears the answer.
                self._wait_for_end(run_id)
            if fault.kind == "lambda-twice" and is_first:
                self._note(run_id, fault)
                answer = call_lambda(function_ref, event)
            if fault.kind == "lambda-timeout":
                self._note(run_id, fault)
                raise _failure("Sandbox.Timedout", "RequestId: 0 Error: Task timed out after 60.00 seconds")
            return answer

        return call

    def _break_before(self, run_id: str, fault: NamedFault, event: dict[str, Any]) -> bool:
        """What happens before, or while, the Lambda runs; tells whether this is the state's first call."""
        with self._lock:
            self._calls[run_id] += 1
            count = self._calls[run_id]
        if fault.kind == "lambda-error":
            self._note(run_id, fault)
            raise _failure("Runtime.HandlerError", "'NoneType' object is not subscriptable")
        if fault.kind == "lambda-always-throttled" or (fault.kind == "lambda-throttled" and count <= TIMES_THROTTLED):
            self._note(run_id, fault)
            raise _failure("Lambda.TooManyRequestsException", "Rate Exceeded.")
        if fault.kind == "lambda-hangs":
            self._note(run_id, fault)
            self._wait_for_end(run_id)
        if fault.kind in ENDING_KINDS:
            self._end_at_its_moment(run_id, fault, event)
        return count == 1

    def _end_at_its_moment(self, run_id: str, fault: NamedFault, event: dict[str, Any]) -> None:
        """End the execution while this call goes on, if it is the one that the fault means."""
        delay_s, step = END_ROUND_AFTER_S if "round" in event else END_AFTER_S, event.get("step")
        if step and fault.kind != "aborted-before-load":
            delay_s = step["startAt"] - time.time() + END_LOAD_AFTER_S
        if step and fault.kind == "aborted-while-scaling" and step["series"] != "scaling":
            return
        if step and fault.kind == "aborted-while-paced":
            if not step["paced_tps"]:
                return
            delay_s += step["max_s"]
        self._end_later(run_id, fault, delay_s)

    def _broken_waits(self, execute_wait: Callable[..., Any]) -> Callable[..., Any]:
        def wait(state_def: Any, raw_input: Any, ctx: dict[str, Any]) -> Any:
            run_id, state = ctx["Execution"]["Name"], ctx["State"]["Name"]
            fault = fault_named(run_id)
            if fault and fault.state == state and fault.kind in ENDING_KINDS:
                self._calls[run_id] += 1
                if fault.kind != "aborted-while-applying" or self._calls[run_id] == 2:
                    self._end_later(run_id, fault, END_AFTER_S)
            return execute_wait(state_def, raw_input, ctx)

        return wait

    def _mortal(self, invoke: Callable[..., Any]) -> Callable[..., Any]:
        def invoke_until_killed(worker: Any, event: Any, *args: Any, **more: Any) -> Any:
            run_id = event.get("runId") if isinstance(event, dict) else None
            fault = fault_named(run_id)
            if fault and fault.kind == "lambda-killed" and self._is_to_be_killed(str(run_id), event):
                # An environment that dies while it starts takes all others of its function along in ministack.
                lambda_runtime.ensure_spawned(worker)
                starts_in_s = event["step"]["startAt"] - time.time() if "step" in event else 0.0
                killing = threading.Timer(starts_in_s + KILL_AFTER_START_S, self._kill, (worker, run_id, fault))
                killing.start()
                try:
                    return invoke(worker, event, *args, **more)
                finally:
                    killing.cancel()  # the next invocation of this environment may be another run's
            return invoke(worker, event, *args, **more)

        return invoke_until_killed

    def _is_to_be_killed(self, run_id: str, event: dict[str, Any]) -> bool:
        """Whether this is the call of the first worker of a run's first step, or round."""
        if event.get("worker") != 0:
            return False
        if "step" in event:
            return bool(event["step"]["number"] == 1)
        is_first = run_id not in self._killed
        self._killed.add(run_id)
        return is_first

    def _kill(self, worker: Any, run_id: str, fault: NamedFault) -> None:
        self._note(run_id, fault)
        worker._proc.kill()

    def _require_running(self, run_id: str) -> None:
        execution = self._running.get(run_id)
        if execution is not None and execution["status"] != "RUNNING":
            raise ExecutionEnded(f"{run_id} is {execution['status']}")

    def _end_later(self, run_id: str, fault: NamedFault, delay_s: float) -> None:
        self._ending.add(run_id)
        threading.Timer(delay_s, self._end, (self._running[run_id], fault)).start()

    def _wait_for_end(self, run_id: str) -> None:
        while self._running[run_id]["status"] == "RUNNING":
            time.sleep(0.05)
        self._require_running(run_id)

    def _end(self, execution: dict[str, Any], fault: NamedFault) -> None:
        if execution["status"] != "RUNNING":
            return
        self._note(execution["name"], fault)
        if fault.kind != "timed-out":
            self.abort(execution["name"])
            return
        # What ministack never does by itself: a machine's TimeoutSeconds have passed.
        execution.update(status="TIMED_OUT", stopDate=stepfunctions.now_iso(), error="States.Timeout")
        stepfunctions._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {}})
        stepfunctions._emit_execution_status_event(execution)

    def _note(self, run_id: str, fault: NamedFault) -> None:
        self._journal.write(runId=run_id, state=fault.state, kind=fault.kind)


def _failure(error: str, message: str) -> Exception:
    """The failure of a Lambda task; its cause is JSON, as AWS's."""
    cause = json.dumps({"errorType": error, "errorMessage": message})
    failure: Exception = stepfunctions._ExecutionError(error, cause)
    return failure
