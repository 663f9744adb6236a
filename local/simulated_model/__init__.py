"""A Rekognition Custom Labels service of known capacity, in virtual time or on the wire.

Pure, in explicit time: `limiters`, `model_spec`, `service`, `lifecycle`. In a process of its own: `process`, `wire/`.
"""
