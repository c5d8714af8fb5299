"""The fixtures of a student's folder, and of gradebooks."""

from tests.gradebooks import tables_at_once
from tests.workspaces import folder, keep, run

__all__ = ["folder", "keep", "run", "tables_at_once"]
