"""How a watched run came out, told three ways: to people, as JSON, as JUnit XML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.text import Text

from iu_tuner.cli.assertions import Assertion, Checked
from iu_tuner.cli.exit_codes import Exit
from iu_tuner.cli.junit import Outcome, write_junit
from iu_tuner.cli.polling import Look
from iu_tuner.cli.terminal import render as view
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.formats import iso
from lambdas.runs.receipt import Receipt


@dataclass(frozen=True)
class Wanted:
    """What is to be made of a run's end, whichever it is."""

    assertions: tuple[Assertion, ...] = ()
    junit: Path | None = None


@dataclass(frozen=True)
class Ending:
    """The answer (`output`), or why there is none (`error`, `cause`), and how the model was left."""

    run_id: str
    code: Exit
    status: str
    output: Mapping[str, Any] | None = None
    error: str = ""
    cause: str = ""
    receipt: Receipt | None = None

    @classmethod
    def of(cls, run_id: str, look: Look) -> Ending:
        """Of a run that ended by itself, or was ended by somebody else."""
        output = look.output
        if output is not None:
            code = Exit.SKIPPED if output["verdict"] == "skipped" else Exit.OK
            return cls(run_id, code, look.status, output)
        error = str(look.described.get("error") or look.status)
        cause = str(look.described.get("cause") or f"the execution ended as {look.status}")
        kept = look.view.receipt if look.view else None
        return cls(run_id, Exit.RUN_FAILED, look.status, None, error, cause, kept)

    def as_json(self) -> Mapping[str, Any]:
        """The execution's output; without an answer, why."""
        if self.output is not None:
            return self.output
        failure = {"runId": self.run_id, "status": self.status, "error": self.error, "cause": self.cause}
        return {**failure, "model": _receipt(self.receipt)}

    def tell(self, screen: Screen, wanted: Wanted, seconds: float) -> Exit:
        """Tell it in each way that is wanted; returns the exit code, which an assertion may change.

        OSError: the JUnit file can't be written.
        """
        checked: list[Checked] = []
        if self.output is not None:
            screen.tell(*view.answer(self.output))
            if self.code is Exit.OK:
                checked = [assertion.check(self.output) for assertion in wanted.assertions]
        else:
            self._tell_failure(screen)
        for each in checked:
            verdict, style = ("holds", "green") if each.holds else ("does not hold", "red")
            screen.say(f"{each.assertion} {verdict}: {each.said}", style=style)
        screen.put_json(self.as_json())
        if wanted.junit is not None:
            write_junit(wanted.junit, self._outcome(seconds), [a.text for a in wanted.assertions], checked)
        return Exit.ASSERTION if any(not each.holds for each in checked) else self.code

    def _tell_failure(self, screen: Screen) -> None:
        screen.say(f"{self.error}: {self.cause}", style="red")
        if (left := _receipt(self.receipt)) is not None:
            screen.tell(Text(view.receipt(left)))
        elif self.code is Exit.RUN_FAILED:
            screen.tell(Text("There is no receipt: the run ended before it had touched the model."))

    def _outcome(self, seconds: float) -> Outcome:
        if self.output is not None:
            said = f"{view.headline(self.output)} {self.output['verdictDetail']}"
            return Outcome(self.run_id, seconds, said, skipped=self.code is Exit.SKIPPED)
        left = _receipt(self.receipt)
        said = view.receipt(left) if left else ""
        return Outcome(self.run_id, seconds, said, trouble=(self.error, self.cause))


def _receipt(kept: Receipt | None) -> dict[str, Any] | None:
    """The receipt in the words of the output's `model`."""
    if kept is None:
        return None
    values = asdict(kept)
    return {
        "statusBefore": kept.status_before,
        "statusAfter": kept.status_after,
        "startedAt": iso(kept.started_at),
        "stoppedAt": iso(kept.stopped_at),
        "inferenceUnitHours": round(values["inference_unit_hours"], 4),
        "usd": round(values["usd"], 4),
        "settledBy": kept.settled_by,
    }
