"""Whatever bytes a list holds: images, or one sentence."""

from __future__ import annotations

import gzip
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from iu_tuner.contract.errors import InvalidInput
from tests.unit.batch.listing.fake_s3 import FakeS3
from tests.unit.batch.listing.test_listing import MANIFEST, OWN, listed, with_list

FRAGMENTS = (
    OWN,
    "a.jpg",
    ",",
    "\n",
    "\r\n",
    '"',
    "\ufeff",
    "Bucket,Key\n",
    "key\n",
    "%zz",
    "%ff",
    "\x00",
    "{}",
    "{",
    "[" * 2000,
    '{"key": "a.jpg"}\n',
    '{"key": 5}\n',
    '{"source-ref": "s3://own-bucket/a.jpg"}\n',
    '{"source-ref": "s3:///"}\n',
    '{"key": "\\ud800.jpg"}\n',
    "1e999",
    "x" * 200_000,
    "\u2028",
    "true",
    "2026-13-01T00:00:00Z",
)
contents = st.binary(max_size=40) | st.lists(st.sampled_from(FRAGMENTS), max_size=6).map(
    lambda parts: "".join(parts).encode(errors="surrogatepass")
)
any_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def is_listed_or_refused(s3: FakeS3, wanted: dict[str, Any]) -> None:
    try:
        state, images = listed(s3, wanted)
    except InvalidInput as refused:
        assert refused.sentence.startswith("images."), refused.sentence
        assert "; takes " in refused.sentence
        assert "\n" not in refused.sentence
        assert len(refused.sentence) < 2_000
    else:
        assert state.listed == len(images)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    content=contents,
    name=st.sampled_from(["l.csv", "l.jsonl", "l.manifest", "manifest.json"]),
    form=st.sampled_from([None, "s3", "keys"]),
)
def test_any_list_is_read_or_refused_with_a_sentence(content: bytes, name: str, form: str | None) -> None:
    wanted = {"list": f"s3://lists/{name}", **({"listFormat": form} if name == "l.csv" else {})}
    is_listed_or_refused(with_list(name, content), wanted)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(data=contents, is_compressed=st.booleans(), field=st.sampled_from([*MANIFEST]), value=any_json)
def test_any_inventory_is_read_or_refused_with_a_sentence(
    data: bytes, is_compressed: bool, field: str, value: Any
) -> None:
    s3 = with_list("manifest.json", json.dumps({**MANIFEST, field: value}))
    s3.objects["reports-elsewhere", "inv/data/1.csv.gz"] = gzip.compress(data) if is_compressed else data
    if field in ("destinationBucket", "files"):  # another file, which is not there
        return
    is_listed_or_refused(s3, {"list": "s3://lists/manifest.json"})
