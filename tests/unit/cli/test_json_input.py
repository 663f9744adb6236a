"""Files of JSON as people have them: with marks, in UTF-16, broken in every way."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from iu_tuner.cli.options.arguments import text_argument
from iu_tuner.cli.options.json_input import read_json
from iu_tuner.exit_codes import UsageError

VALUE = {"images": {"prefix": "Bienenstöcke/蜂/"}}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_its_encoding_is_found_out(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "input.json"
    file.write_bytes(json.dumps(VALUE, ensure_ascii=False, indent=2).replace("\n", "\r\n").encode(encoding))

    assert read_json("--input", str(file)) == VALUE


def test_big_endian_utf_16_with_its_mark(tmp_path: Path) -> None:
    file = tmp_path / "input.json"
    file.write_bytes(b"\xfe\xff" + json.dumps(VALUE, ensure_ascii=False).encode("utf-16-be"))

    assert read_json("--input", str(file)) == VALUE


def test_stdin_is_read_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = json.dumps(VALUE, ensure_ascii=False).encode("utf-16")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="ascii"))

    assert read_json("--input", "-") == VALUE


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf \r\n", "it is empty"),
        ("ä".encode("latin-1"), "it is neither UTF-8 nor UTF-16 (byte 0xe4 at 0): save it as UTF-8"),
        (b"\xff\xfe{", "neither UTF-8 nor UTF-16"),
        (b'{\n  "a": 1,\n  }', "line 3, column 3: "),
        (b'{"a": 1} x', "line 1, column 10: Extra data"),
        (b'{"a": {"b": 1, "b": 2}}', 'the key "b" is there twice'),
        (b'{"a": NaN}', "NaN is no number in JSON"),
        (b'{"a": -Infinity}', "-Infinity is no number in JSON"),
        (b'{"a": 1e999}', "1e999 is no number in JSON"),
        (b"9" * 5000, "limit"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": "\\ud800"}', "has half a character ('\\ud800')"),
    ],
)
def test_what_is_no_json_is_refused_with_its_name(tmp_path: Path, raw: bytes, why: str) -> None:
    file = tmp_path / "input.json"
    file.write_bytes(raw)

    with pytest.raises(UsageError) as refused:
        read_json("--input", str(file))

    assert str(refused.value).startswith(f"--input: {file} is no readable JSON: ")
    assert why in str(refused.value)


def test_what_is_no_file_is_refused_with_its_name(tmp_path: Path) -> None:
    for source, why in ((tmp_path, "Is a directory"), (tmp_path / "gone", "No such file or directory")):
        with pytest.raises(UsageError, match=why) as refused:
            read_json("--input", str(source))
        assert str(source) in str(refused.value)


def test_an_argument_that_the_machine_could_not_read_is_read_as_utf_8() -> None:
    """As Python hands it over where the machine's encoding is ASCII."""
    unread = "Stöcke".encode().decode("ascii", "surrogateescape")

    assert text_argument("--prefix", unread) == text_argument("--prefix", "Stöcke") == "Stöcke"
    with pytest.raises(UsageError, match="--prefix: got .* which is no UTF-8"):
        text_argument("--prefix", os.fsdecode(b"St\xf6cke"))
