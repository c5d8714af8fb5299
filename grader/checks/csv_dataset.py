"""A map-style Dataset over a CSV file: items, length, laziness, errors."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader import Student, expect, expect_close, helper, needs, points, probe

# the target stands first, in the middle and last; numbers in several notations
HEADER = ["width", "price", "height"]
ROWS = [["2", "10", "3.5"], ["-4", "2e1", "5"], ["0.25", "-30", "1e-3"], ["7", "8", "9"]]


@helper
def written(lines: list[str]) -> str:
    """A file with these lines, and its path."""
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False, dir=".") as file:
        file.write("".join(lines))
    return file.name


def csv_lines(rows: list[list[str]] = ROWS, end: str = "\n") -> list[str]:
    return [",".join(row) + end for row in [HEADER, *rows]]


@probe
def read_all(student: Any, lines: list[str], target: str) -> Any:
    dataset = student.CsvDataset(written(lines), target)
    return {
        "is a Dataset": isinstance(dataset, torch.utils.data.Dataset),
        "length": len(dataset),
        "items": [dataset[i] for i in range(len(dataset))],
    }


def expect_items(got: Any, target: str, rows: list[list[str]] = ROWS) -> None:
    expect_close(got["length"], len(rows), "len(dataset)")
    column = HEADER.index(target)
    for i, row in enumerate(rows):
        numbers = [float(cell) for cell in row]
        label = torch.tensor(numbers.pop(column))
        expect_close(got["items"][i], (torch.tensor(numbers), label), f"dataset[{i}]")


@pytest.mark.parametrize("target", HEADER)
@points(3)
def test_items(student: Student, target: str) -> None:
    """Item i is (features, label): float32, features in the header's order without the target."""
    got = student.run(read_all, lines=csv_lines(), target=target)
    expect(got["is a Dataset"], "CsvDataset is not a torch.utils.data.Dataset.")
    expect_items(got, target)


@points(1)
def test_blank_lines(student: Student) -> None:
    """Blank lines are skipped, wherever they stand."""
    lines = csv_lines()
    for at in (1, 3, 3, len(lines) + 3):
        lines.insert(at, "\n")
    expect_items(student.run(read_all, lines=lines, target="price"), "price")
    last = csv_lines()
    last[-1] = last[-1].rstrip("\n")
    expect_items(student.run(read_all, lines=last, target="price"), "price")


@pytest.mark.parametrize("rows", [[], ROWS[:1]], ids=["header alone", "one row"])
@points(1)
def test_few_rows(student: Student, rows: list[list[str]]) -> None:
    """A file with a header alone has length 0, one with a single row has length 1."""
    expect_items(student.run(read_all, lines=csv_lines(rows), target="height"), "height", rows)


@probe
def read_transformed(student: Any, lines: list[str], target: str) -> Any:
    seen = []

    def transform(features: Any) -> Any:
        seen.append(features.clone())
        return features * 10 + len(seen)

    dataset = student.CsvDataset(written(lines), target, transform=transform)
    before = len(seen)
    length = len(dataset)
    counted = len(seen)
    items = [dataset[1], dataset[1], dataset[0]]
    return {"before": before, "length": length, "counted": counted, "items": items, "seen": seen}


@points(2)
@needs("items")
def test_transform(student: Student) -> None:
    """`transform` is applied to the features, when the item is asked for and not before."""
    got = student.run(read_transformed, lines=csv_lines(), target="price")
    for when, moment in (("before", "made"), ("counted", "asked for its length")):
        expect(
            got[when] == 0,
            f"The transform was called {got[when]} times when the dataset was {moment}.",
            "Call it in `__getitem__`, not in `__init__`.",
        )
    expect(
        len(got["seen"]) == 3,
        f"The transform was called {len(got['seen'])} times for three items.",
    )
    for call, row in enumerate([1, 1, 0]):
        numbers = [float(cell) for cell in ROWS[row]]
        label = torch.tensor(numbers.pop(1))
        features = torch.tensor(numbers)
        expect_close(got["seen"][call], features, "the transform's argument")
        what = f"dataset[{row}] with a transform"
        expect_close(got["items"][call], (features * 10 + call + 1, label), what)


@probe
def index_it(student: Any, lines: list[str], indices: list[int]) -> Any:
    dataset = student.CsvDataset(written(lines), "price")
    found: list[Any] = []
    for index in indices:
        try:
            found.append(dataset[index])
        except IndexError:
            found.append("IndexError")
    return found


@points(1)
@needs("items")
def test_negative_indices(student: Student) -> None:
    """Negative indices count from the end."""
    count = len(ROWS)
    got = student.run(index_it, lines=csv_lines(), indices=[-1, -count])
    for found, row, index in zip(got, (ROWS[-1], ROWS[0]), (-1, -count), strict=True):
        expect(found != "IndexError", f"dataset[{index}] raises IndexError for {count} items.")
        numbers = [float(cell) for cell in row]
        label = torch.tensor(numbers.pop(1))
        expect_close(found, (torch.tensor(numbers), label), f"dataset[{index}]")


@pytest.mark.parametrize("rows", [ROWS, []], ids=["four rows", "no row"])
@points(1)
def test_index_out_of_range(student: Student, rows: list[list[str]]) -> None:
    """An index outside the range raises IndexError."""
    count = len(rows)
    indices = [count, count + 5, -count - 1, -count - 5]
    got = student.run(index_it, lines=csv_lines(rows), indices=indices)
    for found, index in zip(got, indices, strict=True):
        expect(
            found == "IndexError",
            f"dataset[{index}] of {count} items gives an item instead of an IndexError.",
            "A negative index below −len needs its own test: Python's lists and tensors wrap once."
            if index < 0
            else "",
        )


@probe
def ask_for_unknown(student: Any, lines: list[str], target: str) -> Any:
    try:
        student.CsvDataset(written(lines), target)
    except ValueError as error:
        return str(error)
    return None


@points(1)
def test_unknown_target(student: Student) -> None:
    """An unknown `target` is a ValueError that names it."""
    got = student.run(ask_for_unknown, lines=csv_lines(), target="colour")
    expect(
        got is not None, 'CsvDataset(path, "colour") raises no ValueError; there is no such column.'
    )
    expect("colour" in got, "The ValueError for an unknown target does not name the target.")
