"""Which cases a check has follows from what it asks for: devices, dtypes, and where the reference is worked out."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from grader.checking.collect import Case, collect
from grader.checking.drawing.rounds import FLOATS
from grader.checking.plugin import FIXTURES, CollectionPlugin
from grader.errors import CourseFault


def cases_of(folder: Path, arguments: str, *devices: str) -> list[Case]:
    """The cases of a check that asks for `arguments`."""
    file = folder / "checks.py"
    file.write_text(f"def test_it({arguments}): ...\n", encoding="utf-8")
    return collect((file,), devices)["it"].cases


@pytest.mark.parametrize(
    ("arguments", "devices", "expected"),
    [
        ("student", ("cpu",), ["cpu"]),
        ("student", ("cpu", "sim", "cuda"), ["cpu"]),
        ("elsewhere", ("cpu", "sim"), ["sim"]),
        ("elsewhere", ("cpu", "sim", "cuda"), ["sim", "cuda"]),
        ("elsewhere", ("cpu",), ["cpu"]),  # there is no other
        ("device", ("cpu", "sim"), ["cpu"]),
    ],
)
def test_devices(
    tmp_path: Path, arguments: str, devices: tuple[str, ...], expected: list[str]
) -> None:
    cases = cases_of(tmp_path, arguments, *devices)
    assert [case.params["device"] for case in cases] == expected


def test_on_a_gpu_the_reference_is_worked_out_there_too(tmp_path: Path) -> None:
    cases = cases_of(tmp_path, "elsewhere, draw", "cpu", "sim", "cuda")
    found = {(case.params["device"], case.params["home"]) for case in cases}
    assert found == {("sim", "cpu"), ("cuda", "cpu"), ("cuda", "cuda")}
    assert len(cases) == len(found) * len(FLOATS)


def test_without_draw_a_device_has_one_case(tmp_path: Path) -> None:
    [case] = cases_of(tmp_path, "elsewhere", "cpu", "cuda")
    assert case.params == {"device": "cuda"}


@pytest.mark.parametrize("arguments", ["dtype", "draw", "student, draw", "elsewhere, dtype"])
def test_dtypes(tmp_path: Path, arguments: str) -> None:
    cases = cases_of(tmp_path, arguments, "cpu", "sim")
    assert [case.params["dtype"] for case in cases] == [torch.float32, torch.float64]
    assert "float32" in cases[0].name
    assert "torch" not in cases[0].name


def test_a_check_that_runs_nothing_of_the_students_has_no_device(tmp_path: Path) -> None:
    for case in cases_of(tmp_path, "draw", "cpu", "cuda"):
        assert case.params == {"home": "cpu", "dtype": case.params["dtype"]}


def test_every_fixture_may_be_asked_for(tmp_path: Path) -> None:
    [first, *_] = cases_of(tmp_path, ", ".join(FIXTURES), "cpu", "sim")
    assert first.arguments == FIXTURES
    for name in FIXTURES:
        assert hasattr(CollectionPlugin, name)


def test_points_and_needs_are_marks_of_a_check(tmp_path: Path) -> None:
    file = tmp_path / "checks.py"
    file.write_text(
        "from grader import needs, points\n"
        "def test_a(): ...\n"
        "def test_b(): ...\n"
        "@points(3)\n@needs('a', 'b')\ndef test_c(): ...\n",
        encoding="utf-8",
    )
    check = collect((file,), ("cpu",))["c"]
    assert (check.points, check.needs) == (3, ("a", "b"))


def rounds_of(folder: Path, marker: str, arguments: str) -> list[tuple[str, str]]:
    """The rounds and dtypes of a check's cases."""
    file = folder / "checks.py"
    text = f"from grader import rounds\n@{marker}\ndef test_it({arguments}): ...\n"
    file.write_text(text, encoding="utf-8")
    cases = collect((file,), ("cpu",))["it"].cases
    assert len({case.name for case in cases}) == len(cases)
    return [
        (case.params["round"].name, str(case.params.get("dtype", "")).removeprefix("torch."))
        for case in cases
    ]


def test_a_check_with_rounds_has_a_case_for_each_and_its_dtypes(tmp_path: Path) -> None:
    assert rounds_of(tmp_path, "rounds(half=True)", "student, draw") == [
        ("published", "float32"),
        ("published", "float64"),
        ("ones", "float64"),
        ("more ones", "float32"),
        ("equal", "float32"),
        ("large", "float64"),
        ("half", "float16"),
        ("half", "bfloat16"),
    ]


def test_some_rounds_alone(tmp_path: Path) -> None:
    found = rounds_of(tmp_path, "rounds('large', 'published')", "draw")
    assert found == [("published", "float32"), ("published", "float64"), ("large", "float64")]


def test_without_draw_a_round_has_one_case(tmp_path: Path) -> None:
    found = rounds_of(tmp_path, "rounds('large', 'published')", "student")
    assert found == [("published", ""), ("large", "")]


def test_a_case_keeps_its_name_whichever_other_rounds_there_are(tmp_path: Path) -> None:
    """Its random numbers follow from it."""
    names = []
    for marker in ("rounds('ones')", "rounds(half=True)"):
        rounds_of(tmp_path, marker, "student, draw")
        cases = collect((tmp_path / "checks.py",), ("cpu",))["it"].cases
        names.append([case.name for case in cases if case.params["round"].name == "ones"])
    assert names[0] == names[1]


def test_a_round_that_there_is_not_is_the_courses_fault(tmp_path: Path) -> None:
    with pytest.raises(CourseFault, match="no round 'huge'"):
        rounds_of(tmp_path, "rounds('huge')", "draw")
