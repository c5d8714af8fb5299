"""Grading a class: the workers, and what each of them runs."""
