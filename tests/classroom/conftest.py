"""Gradebooks are made anew for most of these tests."""

from tests.gradebooks import tables_at_once

__all__ = ["tables_at_once"]
