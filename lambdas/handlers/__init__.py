"""One file per Lambda: the states of the state machine, and the safety net; its name follows from the file's."""
