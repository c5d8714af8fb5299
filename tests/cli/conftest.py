"""The fixtures of a student's folder."""

from tests.workspaces import folder, keep, run

__all__ = ["folder", "keep", "run"]
