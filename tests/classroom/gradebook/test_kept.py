"""Results of single exercises are kept, replaced and given back as they were."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from grader.classroom.gradebook.kept import keep, kept
from grader.classroom.gradebook.reader import Gradebook
from tests.gradebooks import report


def test_what_is_kept_comes_back_as_it_was(gradebook: Gradebook) -> None:
    one, two = report(5, ""), report(7, "")
    keep(gradebook, {})
    keep(gradebook, {"a": one, "b": two})
    assert kept(gradebook, ["a", "b", "c"]) == {"a": one, "b": two}
    assert kept(gradebook, []) == {}
    keep(gradebook, {"a": two})  # a later one counts
    assert kept(gradebook, ["a"]) == {"a": two}
    assert gradebook.check() == []


def test_a_fault_is_not_kept(sqlite_gradebook: Gradebook) -> None:
    fine = report(5, "")
    fault = replace(fine.exercises[0], status="fault", checks=(), score=0)
    with pytest.raises(ValueError, match="is no result, and is not kept: my_linear"):
        keep(sqlite_gradebook, {"a": fine, "b": replace(fine, exercises=(fault,))})
    assert kept(sqlite_gradebook, ["a", "b"]) == {}


@pytest.mark.parametrize("damage", ["x'00'", "substr(report, 1, 20)", "x'789c030000000001'"])
def test_what_cannot_be_read_is_as_if_it_was_not_there(
    sqlite_gradebook: Gradebook, damage: str
) -> None:
    keep(sqlite_gradebook, {"a": report(5, ""), "b": report(6, "")})
    statement = text(f"UPDATE kept_result SET report = {damage} WHERE key = 'a'")
    sqlite_gradebook.write(lambda session: session.execute(statement))
    found = kept(sqlite_gradebook, ["a", "b"])
    assert set(found) <= {"a", "b"}
    assert found["b"] == report(6, "")
    assert found.get("a", report(5, "")) == report(5, "")
    keep(sqlite_gradebook, {"a": report(5, "")})
    assert kept(sqlite_gradebook, ["a"]) == {"a": report(5, "")}
