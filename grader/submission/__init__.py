"""What a student handed in, as source text per exercise. Nothing of it is run, imported or followed."""

from ..errors import SubmissionError
from .from_path import read_submission
from .submission import Cell, Source, Submission

__all__ = ["Cell", "Source", "Submission", "SubmissionError", "read_submission"]
