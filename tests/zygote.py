"""Starts `grader` again and again without importing it again: a process that forks one for each line that it reads.

in:  a JSON list of arguments, and the file for what it prints
out: its process id, and later its exit status (below 0: the signal that ended it)
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    import distributed  # noqa: F401
    import sqlalchemy.orm  # noqa: F401

    import grader.classroom.run.grade_class
    import grader.cli

    print("ready", flush=True)
    for line in sys.stdin:
        arguments, output = json.loads(line)
        pid = os.fork()
        if pid == 0:
            descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            for standard in (1, 2):
                os.dup2(descriptor, standard)
            os.close(0)
            grader.cli.main(arguments, prog_name="grader")
        print(pid, flush=True)
        status = os.waitpid(pid, 0)[1]
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
