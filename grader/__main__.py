"""The command `grader`, which is `python -m grader` as well.

`python -m` looks in the current folder first, also for this package, and that happens before anything can be done about
it. Where that folder may be a student's, the command is `grader`, or `python -P -m grader`.
"""

from .import_path import leave_current_folder


def main() -> None:
    """Runs the command line, and imports none of it from the current folder."""
    leave_current_folder()
    from .cli import main as commands

    commands(prog_name="grader")


if __name__ == "__main__":
    main()
