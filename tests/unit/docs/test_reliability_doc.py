"""docs/reliability.md tells of the very faults that are injected."""

from tests.faults.report import BEGIN, DOCUMENT, END, matrix
from tests.faults.rows import ROWS


def test_the_document_holds_the_matrix_as_it_is_tested() -> None:
    kept = DOCUMENT.read_text("utf-8").split(BEGIN)[1].split(END)[0]

    assert kept.strip() == matrix(ROWS), "run `make faults`, which writes it"
