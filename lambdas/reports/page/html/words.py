"""The terms of a page, explained."""

from __future__ import annotations

from lambdas.reports.page.html.contents import Table

WORDS = (
    ("inference unit", "what a model is started with: each adds capacity, and is paid for by the hour, used or not"),
    ("requests/s", "images that the model analyzes in a second, and answers"),
    ("throttled", "refused by the model, as more requests came than its inference units carry"),
    ("concurrent requests", "requests under way at the same time, each sent when the one before is answered"),
    ("clean rate", "the rate below the maximum at which evenly paced requests met (almost) no throttles"),
    ("95 % interval", "where the true value lies, in 95 of 100 runs like this one"),
    ("p50, p95, p99", "half, 95 %, 99 % of the answers took that long or less"),
)


def words_table() -> Table:
    """The terms of the page explained, for readers who are new to load tests."""
    return Table("words", "Words used here", ("Word", "Meaning"), WORDS)
