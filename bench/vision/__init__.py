"""Benchmarks of `iu-tuner compare`: the coverage of its intervals, and the time and memory that it takes."""
