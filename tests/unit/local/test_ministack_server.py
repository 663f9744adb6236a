"""The embedded AWS collects its garbage before there is much of it."""

from __future__ import annotations

import subprocess
import sys

from local.ministack_server import collect_often

_LEAVES_GARBAGE = f"""
import gc, time, weakref
import {collect_often.__module__} as server

class Cycle:
    pass

gc.disable()
server._COLLECT_S = 0.01
cycle = Cycle()
cycle.itself, seen = cycle, weakref.ref(cycle)
del cycle
assert seen() is not None
server.collect_often()
while seen() is not None:
    time.sleep(0.01)
print(gc.get_freeze_count() > 0)
"""


def test_garbage_is_collected_soon_and_what_is_left_is_not_looked_at_again() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LEAVES_GARBAGE], stdout=subprocess.PIPE, encoding="utf-8", check=True, timeout=60
    )

    assert done.stdout == "True\n"
