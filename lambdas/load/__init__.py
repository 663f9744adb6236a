"""Load: sends the requests of a step to the model and counts the replies."""
