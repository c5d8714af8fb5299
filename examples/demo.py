"""Grades each sample submission in this folder, as a student would: `grader check --from FOLDER`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SAMPLES = {
    "right": "every exercise solved",
    "partly": "some mistakes, as students make them",
    "hangs": "a loop that never ends",
    "broken": "a file that does not parse",
}


def main() -> None:
    for name, about in SAMPLES.items():
        print(f"\n── {name}: {about}\n$ grader check --from examples/{name}\n", flush=True)
        status = subprocess.run(
            [sys.executable, "-m", "grader", "check", "--from", f"examples/{name}"],
            cwd=FOLDER.parent,
        ).returncode
        print(f"exit status {status}")
        if status not in (0, 1, 2):
            sys.exit(f"grader ended with status {status}")


if __name__ == "__main__":
    main()
