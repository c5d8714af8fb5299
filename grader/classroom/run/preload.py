"""Importing this warms a process up: Python's forkserver takes names of modules, and no function, to do that with.

What `warm_up` does besides importing (no search for garbage meanwhile, and none of what is kept) halves the time.
"""

from __future__ import annotations

from . import worker

worker.warm_up()
