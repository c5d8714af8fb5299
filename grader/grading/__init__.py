"""The corridor from a submission to a `Report`."""

from .grading import example_of, grade

__all__ = ["example_of", "grade"]
