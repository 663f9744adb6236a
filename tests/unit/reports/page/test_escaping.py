"""Nothing that users wrote can become part of the page, or hide what it is."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser

import pytest

from lambdas.reports.page.html.escaping import escaped, json_block, readable
from tests.unit.reports.page.hostile import HOSTILE_ARN, NAMES, hostile_failure, hostile_page


@pytest.mark.parametrize("name", NAMES)
def test_a_json_block_gives_back_what_it_was_given_and_ends_no_element(name: str) -> None:
    block = json_block({name: [name]})

    assert json.loads(block) == {name: [name]}
    assert not re.search("[<>&'\u2028\u2029]", block)
    assert block.isascii()


def test_a_number_that_is_none_in_json_is_refused_rather_than_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_block({"tps": float("nan")})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("photo-\u202egpj.exe", "photo-\\u202egpj.exe"),
        ("a\x00b\x1b[31m", "a\\u0000b\\u001b[31m"),
        ("line\u2028break", "line\\u2028break"),
        ("half\ud800", "half\\ud800"),
        ("蜂 пчела نحلة 🐝 é", "蜂 пчела نحلة 🐝 é"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out_and_all_scripts_stay(text: str, shown: str) -> None:
    assert readable(text) == shown


def test_an_attribute_cannot_be_left() -> None:
    assert escaped("\"'><b>&") == "&quot;&#x27;&gt;&lt;b&gt;&amp;"


class Elements(HTMLParser):
    """The names of all elements, and of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


@pytest.mark.parametrize("make", [hostile_page, hostile_failure], ids=["answer", "failure"])
def test_hostile_names_add_no_element_no_attribute_and_no_script(make: Callable[[], str]) -> None:
    parsed = Elements()
    parsed.feed(make())

    tags = [tag for tag, _ in parsed.found]
    assert tags.count("script") == 8
    assert not {"img", "svg", "iframe"} & set(tags)
    assert not [name for _, names in parsed.found for name in names if name.startswith("on")]


def test_hostile_names_fill_no_placeholder() -> None:
    html = hostile_page()

    assert "samples/{{data}}-{{policy}}-\\1-\\g&lt;1&gt;.jpg" in html
    assert html.count('id="data"') == 1


def test_a_hostile_model_writes_no_shell_command() -> None:
    (_, command) = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", hostile_page(), re.DOTALL)[:2]
    words = shlex.split(unescape(command), comments=True)

    targets = [json.loads(words[index + 1]) for index, word in enumerate(words) if word == "--target"]
    assert len(targets) == 2
    assert {target["RoleArn"] for target in targets} == {"$ROLE"}
    assert all(json.loads(target["Input"])["ProjectVersionArn"] == HOSTILE_ARN for target in targets)
    assert {words[index + 1] for index, word in enumerate(words) if word == "--name"} == {
        "model-1-start",
        "model-2-stop",
    }


def test_a_hostile_report_can_be_encoded() -> None:
    assert hostile_page().encode("utf-8")
