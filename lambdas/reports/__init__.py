"""The reports of a run for people and programs: page, files, e-mail, events, metrics."""
