"""`python -m grader` is `grader`."""

from .cli import main

main(prog_name="grader")
