"""A simulated Rekognition Custom Labels service of known capacity, in virtual time or over HTTP.

`limiters`, `model_spec`, `service` and `lifecycle` are pure, with explicit time; `process` and `wire/` run a server.
"""
