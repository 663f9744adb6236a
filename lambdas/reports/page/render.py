"""Renders a report as one self-contained HTML file: styles, scripts and data are inside.

Texts of users pass through `escaped` or `json_block`. The Content-Security-Policy lets a browser run only the scripts
of this folder, by their hashes.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from functools import cache
from pathlib import Path

from lambdas.reports.page.html.contents import Contents
from lambdas.reports.page.html.escaping import escaped, json_block
from lambdas.reports.page.html.markup import command, figures, note, picture, reasons, table

_HERE = Path(__file__).parent
_SCRIPTS = (
    "vendor/chart.umd.min.js",
    "vendor/chartjs-plugin-annotation.min.js",
    "frame.js",
    "charts.js",
    "extra_charts.js",
    "draw.js",
    "scrolling.js",
)


def page(contents: Contents) -> str:
    """The HTML document."""
    summary, style, scripts = contents.summary, _text("style.css"), [_text(name) for name in _SCRIPTS]
    charts = {each.name: each.chart for each in contents.pictures if each.chart is not None}
    values = {
        "policy": _policy(style, scripts),
        "title": escaped(f"{summary.model}: {summary.answer}"),
        "style": style,
        "subject": escaped(summary.subject),
        "model": escaped(summary.model),
        "version": escaped(summary.version),
        "circumstances": escaped(summary.circumstances),
        "answer": escaped(summary.answer),
        "tone": summary.tone,
        "verdict": escaped(summary.verdict),
        "evidence": escaped(summary.evidence),
        "nextAction": escaped(summary.next_action),
        "command": command(summary.command) if summary.command else "",
        "notes": "\n".join(map(note, summary.notes)),
        "receiptTone": summary.receipt_tone,
        "receipt": escaped(summary.receipt),
        "figures": figures(summary.figures),
        "reasons": reasons(summary.reasons),
        "pictures": "\n".join(map(picture, contents.pictures)),
        "tables": "\n".join(map(table, contents.tables)),
        "where": escaped(contents.data),
        "data": json_block(charts),
        "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
    }
    # One pass, so that names of placeholders within a value are not replaced.
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found.group(1)], _text("template.html"))


@cache
def _text(name: str) -> str:
    """The text of a file of this folder, without the reference to a source map that does not exist."""
    return re.sub(r"\n//# sourceMappingURL=.*\s*$", "\n", (_HERE / name).read_text(encoding="utf-8"))


def _policy(style: str, scripts: list[str]) -> str:
    allowed = " ".join(map(_hash, scripts))
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {allowed}; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


def _hash(inline: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"
