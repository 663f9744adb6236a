"""Escapes texts of users: for HTML, for a JSON block in HTML, and against invisible characters."""

from __future__ import annotations

import html
import json
import re
from typing import Any

# Controls, lone surrogates, and marks that reverse the direction of text: they could disguise a key.
_UNREADABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def readable(text: str) -> str:
    """The text with invisible and direction-changing characters as escapes such as `\\u202e`."""
    return _UNREADABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def escaped(text: str) -> str:
    """The readable text, safe as the text of an HTML element and in a quoted attribute."""
    return html.escape(readable(text), quote=True)


def json_block(values: Any) -> str:
    """JSON for a <script type="application/json">; no value in it can end the element or open a comment."""
    text = json.dumps(values, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&'":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
