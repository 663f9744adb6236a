"""Names as an attacker, or a careless user, would choose them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench.sample_report import KINDS, played
from lambdas.adapters.versions import versions
from lambdas.capacity.run import Image, SkippedImage
from lambdas.report.page import page
from lambdas.report.view import contents

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


def hostile_page() -> str:
    """A report in which every text that users can choose is hostile."""
    run, steps, answer = played(KINDS[1])
    skipped: list[dict[str, Any]] = [{"key": name, "reason": f"because of {name}"} for name in NAMES]
    answer = {
        **answer,
        "verdictDetail": " ".join(NAMES),
        "requests": {**answer["requests"], "failures": dict.fromkeys(NAMES, 1)},
        "images": {**answer["images"], "skipped": skipped, "skippedInAll": 5_000},
        "recommendation": {**answer["recommendation"], "reasons": list(NAMES)},
    }
    run = replace(
        run,
        run_id=NAMES[1],
        model_arn=f"arn:aws:rekognition:us-east-1:123456789012:project/{NAMES[0]}/version/{NAMES[3]}/1",
        bucket=NAMES[2],
        images=tuple(Image(f"used-{name}", 1000) for name in NAMES),
        skipped=tuple(SkippedImage(name, name) for name in NAMES),
        input_understood={name: {name: name} for name in NAMES},
    )
    return page(contents(run, steps, answer, {**versions(), **{name: name for name in NAMES}}))
