"""Names as an attacker, or a careless user, would choose them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from iu_tuner.contract.output.json_values import from_json, to_json
from iu_tuner.contract.output.result import Output
from lambdas.aws.versions import versions
from lambdas.images.image import Image, SkippedImage
from lambdas.reports.page.build import contents
from lambdas.reports.page.render import page
from lambdas.reports.page.sections.failed_run import failure_contents
from lambdas.runs.failed_run import FailedRun
from simulation.samples.extras import COMPARED, DROPPED, SCALED
from simulation.samples.report import KINDS, played

NAMES = (
    "samples/<script>alert(1)</script>.jpg",
    "samples/</script><img src=x onerror=alert(2)>.jpg",
    "samples/<!-- --><![CDATA[ ]]>.jpg",
    "samples/\"'><svg onload=alert(3)>.jpg",
    "samples/{{data}}-{{policy}}-\\1-\\g<1>.jpg",
    "samples/${alert(4)}`\u2028\u2029.jpg",
    "samples/\u202egpj.exe\u202c\u200f\u200e.jpg",
    "samples/蜂の写真-пчела-نحلة-🐝.jpg",
    "samples/null\x00bell\x07\x1b[31m.jpg",
    "samples/&lt;b&gt;&amp;&#x3c;.jpg",
    "samples/" + "very-long-" * 101,
    "samples/" + "x" * 1016,
    "javascript:alert(5)",
    "samples/lone\ud800surrogate.jpg",
)


HOSTILE_ARN = f"arn:aws:rekognition:us-east-1:123456789012:project/{NAMES[0]}/version/{NAMES[3]}/1"


def hostile_failure() -> str:
    """The same of a run that failed."""
    run, steps, _ = played(KINDS[1])
    run = replace(run, run_id=NAMES[1], model_arn=HOSTILE_ARN, effective_input={name: name for name in NAMES})
    failed = FailedRun(NAMES[1], HOSTILE_ARN, NAMES[0], " ".join(NAMES), None)
    return page(failure_contents(failed, run, steps, {name: name for name in NAMES}))


@cache
def hostile_page() -> str:
    """A report in which every text that users can choose is hostile."""
    (kind,) = (kind for kind in KINDS if kind.name == "past")
    run, steps, played_answer = played(kind)
    answer: dict[str, Any] = to_json(played_answer)
    run_before = {
        **to_json(DROPPED["compared_with"].version_before),
        "runId": NAMES[1],
        "verdict": NAMES[2],
        "modelArn": NAMES[0],
    }
    plan = answer["recommendation"]["plan"]
    entries = [{**each, "input": {**each["input"], "ProjectVersionArn": HOSTILE_ARN}} for each in plan["scheduler"]]
    compared = to_json(COMPARED)
    skipped: list[dict[str, Any]] = [{"key": name, "reason": f"because of {name}"} for name in NAMES]
    answer = {
        **answer,
        "verdictDetail": " ".join(NAMES),
        "requests": {**answer["requests"], "failures": dict.fromkeys(NAMES, 1)},
        "images": {**answer["images"], "skipped": skipped, "skippedTotal": 5_000},
        "recommendation": {
            **answer["recommendation"],
            "reasons": list(NAMES),
            "plan": {
                **plan,
                "sentence": " ".join(NAMES),
                "scheduler": entries,
                "measureAgain": {**plan["measureAgain"], "input": {name: name for name in NAMES}},
            },
        },
        "modelArn": HOSTILE_ARN,
        "comparedWith": {"sameModel": {**run_before, "change": None}, "versionBefore": run_before},
        "regressionDetail": " ".join(NAMES),
        "imageComparison": {
            **compared,
            "sources": [{**row, "source": "bytes"} for row in compared["sources"]],
            "sizes": [{**row, "size": NAMES[1]} for row in compared["sizes"]],
            "detail": " ".join(NAMES),
            "notMeasured": [{"what": name, "why": name} for name in NAMES],
        },
        "scaling": {**to_json(SCALED), "detail": " ".join(NAMES)},
        "applied": False,
        "appliedDetail": " ".join(NAMES),
        "answerParameter": NAMES[0],
        "answerParameterDetail": " ".join(NAMES),
        "resultUri": NAMES[3],
    }
    run = replace(
        run,
        run_id=NAMES[1],
        model_arn=HOSTILE_ARN,
        bucket=NAMES[2],
        images=tuple(Image(f"used-{name}", 1000) for name in NAMES),
        skipped=tuple(SkippedImage(name, name) for name in NAMES),
        effective_input={name: {name: name} for name in NAMES},
    )
    shown = from_json(Output, answer)
    return page(contents(run, steps, shown, {**versions(), **{name: name for name in NAMES}}, kind.past))
