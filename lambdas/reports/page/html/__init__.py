"""The parts of a page: its contents as values, their markup, escaped texts, formatted numbers."""
