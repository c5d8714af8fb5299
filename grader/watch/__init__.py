"""`grader watch`: grades on each save, in one warm process.

`keys` and `saves` are what can happen, each in a thread of its own that puts an event into a queue; `session` takes
the events one by one, grades, and says what there is to see.
"""

from .session import watch

__all__ = ["watch"]
