"""The outcome of a run, shown as text, as JSON and as JUnit XML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from iu_tuner.cli.aws.snapshot import Snapshot
from iu_tuner.cli.outcome.assertions import Assertion, AssertionResult
from iu_tuner.cli.outcome.junit import JUnitCase, write_junit
from iu_tuner.cli.terminal import render as view
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.images import images_answer, images_sentence
from iu_tuner.contract.batch.output import BatchOutput
from iu_tuner.contract.output.json_values import from_json, to_json
from iu_tuner.contract.output.live_run import Receipt
from iu_tuner.contract.output.reading import parse_output
from iu_tuner.contract.output.result import Findings, ModelOutput, Output
from iu_tuner.contract.output.sentences import receipt_sentence
from iu_tuner.contract.uploads.serve_output import ServeOutput
from iu_tuner.exit_codes import Exit


@dataclass(frozen=True)
class OutputOptions:
    """The options of a command that waits for the end of a run."""

    assertions: tuple[Assertion, ...] = ()
    junit: Path | None = None
    report: Path | None = None
    timeout_s: float | None = None
    as_json: bool = False

    @property
    def need_the_end(self) -> bool:
        """Whether any of them asks for something that is known when the run has ended."""
        return bool(self.assertions or self.junit or self.report or self.timeout_s)


AnyOutput = Findings | BatchOutput | ServeOutput


def _read(values: Mapping[str, Any]) -> AnyOutput:
    """The output of a batch, of a run for uploads or of a measurement."""
    if values.get("task") == "process":
        return from_json(BatchOutput, values)
    return from_json(ServeOutput, values) if values.get("task") == "serve" else parse_output(values)


def _has_answer(output: AnyOutput) -> bool:
    return isinstance(output, Output) if isinstance(output, Findings) else output.verdict != "skipped"


def _parts(output: AnyOutput) -> Iterable[RenderableType]:
    return view.answer(output) if isinstance(output, Findings) else images_answer(output)


@dataclass(frozen=True)
class Outcome:
    """The execution's output as JSON values, or `error` and `cause`, and how the model was left."""

    run_id: str
    code: Exit
    status: str
    output: Mapping[str, Any] | None = None
    error: str = ""
    cause: str = ""
    receipt: Receipt | None = None

    @classmethod
    def of(cls, run_id: str, last_snapshot: Snapshot) -> Outcome:
        """The outcome of a run that ended by itself or was stopped by others."""
        output = last_snapshot.output
        if output is not None:
            code = Exit.OK if _has_answer(_read(output)) else Exit.SKIPPED
            return cls(run_id, code, last_snapshot.status, output)
        error = str(last_snapshot.execution.get("error") or last_snapshot.status)
        cause = str(last_snapshot.execution.get("cause") or f"the execution ended as {last_snapshot.status}")
        receipt = last_snapshot.run.receipt if last_snapshot.run else None
        return cls(run_id, Exit.RUN_FAILED, last_snapshot.status, None, error, cause, receipt)

    def as_json(self) -> Mapping[str, Any]:
        """The execution's output; without one, the error and its cause."""
        if self.output is not None:
            return self.output
        failure = {"runId": self.run_id, "status": self.status, "error": self.error, "cause": self.cause}
        return {**failure, "model": to_json(self._model)}

    def show(self, screen: Screen, options: OutputOptions, seconds: float) -> Exit:
        """Show the outcome as the options ask. Returns the exit code, which a failed assertion changes.

        Raises OSError if the JUnit file can't be written.
        """
        results: list[AssertionResult] = []
        if self.output is not None:
            screen.tell(*_parts(_read(self.output)))
            if self.code is Exit.OK:
                results = [assertion.check(self.output) for assertion in options.assertions]
        else:
            self._show_failure(screen)
        for result in results:
            verdict, style = ("holds", "green") if result.holds else ("does not hold", "red")
            screen.say(f"{result.assertion} {verdict}: {result.sentence}", style=style)
        screen.put_json(self.as_json())
        if options.junit is not None:
            write_junit(options.junit, self._junit_case(seconds), [a.text for a in options.assertions], results)
        return Exit.ASSERTION if any(not result.holds for result in results) else self.code

    def _show_failure(self, screen: Screen) -> None:
        screen.say(f"{self.error}: {self.cause}", style="red")
        if (model := self._model) is not None:
            screen.tell(Text(view.plain(receipt_sentence(model))))
        elif self.code is Exit.RUN_FAILED:
            screen.tell(Text("There is no receipt: the run ended before it had touched the model."))

    def _junit_case(self, seconds: float) -> JUnitCase:
        if self.output is not None:
            output = _read(self.output)
            summary = output.summary if isinstance(output, Findings) else images_sentence(output)
            sentence = f"{summary} {output.verdict_detail}"
            return JUnitCase(self.run_id, seconds, sentence, skipped=self.code is Exit.SKIPPED)
        sentence = receipt_sentence(self._model) if self._model else ""
        return JUnitCase(self.run_id, seconds, sentence, error=(self.error, self.cause))

    @property
    def _model(self) -> ModelOutput | None:
        """The receipt in the form of the output's `model`, with the layer that released the model."""
        if self.receipt is None:
            return None
        return replace(self.receipt.as_output(), settled_by=self.receipt.settled_by)
