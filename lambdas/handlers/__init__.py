"""One file per state of the state machine; the function's name follows from the file's."""
