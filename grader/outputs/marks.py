"""The mark of every status, in one table: of exercises, of checks, and of exercises in a student's list."""

from __future__ import annotations

from typing import NamedTuple


class Mark(NamedTuple):
    """A status at a glance.

    Attributes:
        text: at most one column wide, for a terminal and for print.
        style: its colour, as Rich names it.
        emoji: for HTML and Markdown.
        overview: for GitHub's table of exercises, which has no lines of checks: an emoji of a plain colour.
    """

    text: str
    style: str
    emoji: str
    overview: str = "❌"


MARKS = {
    "passed": Mark("✓", "green", "✅", "✅"),
    "partial": Mark("◐", "yellow", "◐", "🟡"),
    "failed": Mark("✗", "red", "❌"),
    "timeout": Mark("⧖", "red", "⏳"),
    "error": Mark("!", "magenta", "⚠️"),
    "fault": Mark("‼", "magenta", "🔧", "🔧"),  # ours to mend
    "missing": Mark("?", "red", "❔", "⬜"),
    "not_attempted": Mark("·", "dim", "⬜", "⬜"),
    "not_started": Mark("·", "dim", "⬜"),
    "not_reached": Mark("–", "dim", "➖"),
    "skipped": Mark("–", "dim", "➖"),
    # only in a list of exercises
    "changed": Mark("◌", "yellow", "◌"),
    "unknown": Mark("◌", "yellow", "◌"),
    "no_file": Mark("", "dim", ""),
}
