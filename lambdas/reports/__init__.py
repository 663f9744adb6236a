"""What people and programs are told of a run: the page, files, e-mail, events, metrics."""
