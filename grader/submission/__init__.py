"""What a student handed in, as source text per exercise. Nothing of it is run, imported or followed."""

from ..errors import SubmissionError
from .submission import Cell, Source, Submission, read_submission

__all__ = ["Cell", "Source", "Submission", "SubmissionError", "read_submission"]
