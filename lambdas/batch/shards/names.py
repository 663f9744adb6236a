"""The keys of a batch's files in the report bucket."""

from __future__ import annotations

from iu_tuner.contract.names import BATCH_PREFIX

BATCHES = BATCH_PREFIX


def folder(run_id: str) -> str:
    """The prefix of all files of a run."""
    return f"{BATCHES}{run_id}/"


def shard_key(run_id: str, number: int) -> str:
    """The images of one shard, one JSON line for each."""
    return f"{folder(run_id)}shard-{number:06}.jsonl"


def part_key(run_id: str, number: int, turn: int) -> str:
    """The detections lines of one shard. `turn` counts the workers that worked on it, from 1."""
    return f"{folder(run_id)}part-{_file_number(number, turn)}.jsonl"


def failures_key(run_id: str, number: int, turn: int) -> str:
    """The failed images of one shard."""
    return f"{folder(run_id)}failures-{_file_number(number, turn)}.jsonl"


def _file_number(number: int, turn: int) -> str:
    return f"{number:06}" if turn == 1 else f"{number:06}-{turn}"
