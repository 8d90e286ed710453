"""How much memory of their own the processes of a contender have together: the most that is seen while it runs."""

import os
import threading

INTERVAL_SECONDS = 0.02


def own_bytes(pid):
    """The memory of a process that is neither a file's nor shared; 0 once it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            return next((int(line.split()[1]) << 10 for line in file if line.startswith("RssAnon:")), 0)
    except (OSError, ValueError):
        return 0


def children(pid):
    """The processes that a process has started."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
            found += map(int, file.read().split())
    return found


class Peak:
    """Watches processes in a with statement; `pids` is asked each time, as workers come and go."""

    def __init__(self, pids):
        self.pids, self.bytes, self.done = pids, 0, threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        ended = False
        while not ended:
            ended = self.done.wait(INTERVAL_SECONDS)
            try:
                self.bytes = max(self.bytes, sum(map(own_bytes, self.pids())))
            except OSError:
                pass

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
