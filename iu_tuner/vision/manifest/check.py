"""Checks a manifest as the service does before it trains: its lines, then the file as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from iu_tuner.formats import count
from iu_tuner.vision.manifest.addresses import bucket_and_key
from iu_tuner.vision.manifest.attributes import attribute_faults, attribute_types, label_names
from iu_tuner.vision.manifest.file_rules import (
    MAX_BYTES,
    MAX_LINES,
    MAX_LINES_OF_SMALL_REGIONS,
    MAX_TEST_LINES_OF_SMALL_REGIONS,
    OF_FILE,
    SMALL_REGIONS,
    FileRules,
)
from iu_tuner.vision.manifest.finding import WHOLE_FILE, Finding
from iu_tuner.vision.manifest.lines import EMPTY, UTF8_MARK, format_problem, parse_line, raw_lines

FORMAT = "ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT"
_CHUNK_LINES = 64  # their images are looked at together, and the first 256 KiB of each are in memory


class CheckedLine(NamedTuple):
    """A line whose image can be looked at: its number, and the image's bucket and key."""

    number: int
    bucket: str
    key: str
    values: dict[str, Any]


Look = Callable[[Sequence[CheckedLine]], Iterator[Finding]]
"""Looks at the images of some lines."""


class Check:
    """One check of one file. `lines` is the number of lines read so far."""

    def __init__(self, path: Path, region: str | None = None, look: Look | None = None) -> None:
        self._path, self._region, self._look = path, region, look
        self._max_lines = MAX_LINES_OF_SMALL_REGIONS if region in SMALL_REGIONS else MAX_LINES
        self._rules = FileRules()
        self.lines = 0
        self._invalid_lines = 0

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong, in the order of the lines; what is wrong with the file as a whole comes last.

        Raises:
            OSError: the file can't be read.
        """
        if not self._path.suffix:
            sentence = "the name has no extension; one page of the service's guide asks for .manifest"
            yield Finding(WHOLE_FILE, FORMAT.replace("ERROR", "WARNING"), sentence)
        if self._path.stat().st_size > MAX_BYTES:
            yield Finding(WHOLE_FILE, "ERROR_MANIFEST_SIZE_TOO_LARGE", "the file has more than 1 GB")
            return
        with self._path.open("rb") as file:
            if sentence := format_problem(file) or "":
                code, number = ("ERROR_EMPTY_MANIFEST", WHOLE_FILE) if sentence == EMPTY else (FORMAT, 1)
                yield Finding(number, code, f"this is no manifest: {sentence}")
                return
            lines = raw_lines(file)
            while chunk := list(islice(lines, _CHUNK_LINES)):
                yield from self._chunk_findings(chunk)
                if self.lines > self._max_lines:
                    break
        yield from self._end_findings()

    def _chunk_findings(self, chunk: list[tuple[int, bytes]]) -> list[Finding]:
        findings: list[Finding] = []
        images: list[CheckedLine] = []
        for number, line_bytes in chunk:
            self.lines = number
            if number > self._max_lines:
                sentence = f"the file has more than {count(self._max_lines, 'line')}; the others are not checked"
                findings.append(Finding(number, "ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM", sentence))
                break
            findings += self._line_findings(number, line_bytes, images)
        if self._look and images:
            findings += self._look(images)
            findings.sort(key=lambda each: each.line)
        of_file = (FORMAT, "ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM", *OF_FILE)
        self._invalid_lines += len({each.line for each in findings if each.is_error and each.code not in of_file})
        return findings

    def _line_findings(self, number: int, line_bytes: bytes, images: list[CheckedLine]) -> Iterator[Finding]:
        if number == 1 and line_bytes.startswith(UTF8_MARK):
            yield Finding(1, FORMAT, "the file begins with a byte order mark: save it in UTF-8 without one")
            line_bytes = line_bytes.removeprefix(UTF8_MARK)
        try:
            line = parse_line(line_bytes)
        except ValueError as error:
            yield Finding(number, "ERROR_INVALID_JSON_LINE", str(error))
            return
        kinds = attribute_types(line)
        names = label_names(line, kinds)
        for faults in (
            self._rules.address_faults(number, line),
            attribute_faults(line, kinds, names),
            self._rules.label_faults(names, kinds),
        ):
            for code, sentence in faults:
                yield Finding(number, code, sentence)
        if self._look and (location := bucket_and_key(line.get("source-ref"))):
            images.append(CheckedLine(number, *location, line))

    def _end_findings(self) -> Iterator[Finding]:
        if self._region in SMALL_REGIONS and MAX_TEST_LINES_OF_SMALL_REGIONS < self.lines <= self._max_lines:
            limit_text = count(MAX_TEST_LINES_OF_SMALL_REGIONS, "line")
            sentence = f"a test set takes at most {limit_text} in {self._region}; the file has {self.lines:,}"
            yield Finding(WHOLE_FILE, "WARNING_MANIFEST_ROWS_EXCEEDS_MAXIMUM", sentence)
        for code, sentence in self._rules.end_faults(self.lines, self._invalid_lines):
            yield Finding(WHOLE_FILE, code, sentence)
