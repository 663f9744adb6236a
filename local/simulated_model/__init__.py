"""A Rekognition Custom Labels service of known capacity, in virtual time or on the wire.

Pure, in explicit time: `limiters`, `truth`, `service`, `lifecycle`. The wire: `sigv4`, `server`, `process`.
"""
