"""Uploads to results: the queue's messages, the gate that holds them while the model does not run, dead letters."""
