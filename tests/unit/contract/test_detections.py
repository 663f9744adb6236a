"""The detections line is read as it was written, and a bad one is refused in a sentence."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iu_tuner.contract.detections import Box, Detections, DetectionsError, Label, ListedImage

LINE = (
    '{"key": "incoming/a.jpg", "eTag": "9b2", "versionId": null, "size": 104857, "labels": [{"name": "bee",'
    ' "confidence": 99.968, "box": {"left": 0.34908, "top": 0.36126, "width": 0.17472, "height": 0.23268}}],'
    ' "ms": 183, "attempts": 1, "at": "2026-11-29T01:02:03.456Z"}'
)
shares = st.floats(0, 1)
labels = st.builds(Label, st.text(), st.floats(0, 100), st.none() | st.builds(Box, shares, shares, shares, shares))
images = st.builds(ListedImage, st.text(min_size=1), st.text(), st.integers(0, 2**40), st.none() | st.text(min_size=1))
lines = st.builds(
    Detections, images, st.lists(labels, max_size=3).map(tuple), st.integers(0), st.integers(0), st.text()
)


def test_the_line_of_the_contract():
    found = Detections.of_line(LINE)

    assert found.image == ListedImage("incoming/a.jpg", "9b2", 104857)
    assert found.labels == (Label("bee", 99.968, Box(0.34908, 0.36126, 0.17472, 0.23268)),)
    assert found.to_line() == LINE


@given(lines)
def test_a_line_is_read_as_it_was_written(found):
    assert Detections.of_line(found.to_line()) == found
    assert "\n" not in found.to_line()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"key": 1}, "key: got '1', takes a text"),
        ({"size": -1}, "size: got '-1', takes a whole number of bytes"),
        ({"size": 1.5}, "size: got '1.5', takes a whole number of bytes"),
        ({"labels": None}, "labels: got 'None', takes a list"),
        ({"labels": [{"name": "bee", "confidence": "high"}]}, r"labels[0].confidence: got 'high', takes a number"),
        ({"labels": [{"name": "bee", "confidence": 1, "box": {"left": 0}}]}, "labels[0].box.top: got 'None'"),
        ({"labels": [7]}, "labels[0]: got '7', takes a JSON object"),
        ({"ms": True}, "ms: got 'True', takes a number"),
    ],
)
def test_a_bad_field_is_named(change, said):
    with pytest.raises(DetectionsError) as refused:
        Detections.of_line(json.dumps(json.loads(LINE) | change))

    assert str(refused.value).startswith(said)


@pytest.mark.parametrize("line", ["", "[]", "{", "7", "[" * 100_000])
def test_what_is_no_line_is_refused(line):
    with pytest.raises(DetectionsError, match=r"line: got .*, takes a JSON object"):
        Detections.of_line(line)
