"""The table of what exceptions and warnings mean: each entry can be met, and has a name of its own kind."""

from __future__ import annotations

import re
from collections import Counter

from grader.checking.telling.raised_meanings import MEANINGS, WARNINGS


def test_no_pattern_stands_behind_one_that_is_its_own_text() -> None:
    """The first that is found counts: a plain text that an earlier pattern finds would never be reached."""
    plain = [pattern for pattern in MEANINGS if re.escape(pattern) == pattern.replace(" ", r"\ ")]
    assert len(plain) > 20
    for pattern in plain:
        assert next(each for each in MEANINGS if re.search(each, pattern)) == pattern


def test_names_tell_where_a_cause_comes_from() -> None:
    kinds = Counter(cause.id.partition("-")[0] for cause in MEANINGS.values())
    assert kinds["raised"] > 0.9 * len(MEANINGS)
    assert {cause.id.partition("-")[0] for cause in WARNINGS.values()} == {"warned"}
