"""A map-style Dataset over a CSV file: items, length, laziness, errors."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader import Student, _, expect, expect_close, helper, points, probe

# not in the order of the alphabet, numbers in several notations, and one of them twice in a row
HEADER = ["width", "price", "height"]
ROWS = [["2", "10", "3.5"], ["-4", "2e1", "5"], ["0.25", "-30", "1e-3"], ["7", "8", "7"]]


@helper
def written(lines: list[str]) -> str:
    """A file with these lines, and its path."""
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False, dir=".") as file:
        file.write("".join(lines))
    return file.name


@helper
def numbers(item: Any) -> list[float]:
    """All numbers of an item, sorted: which is which, and in what shape and dtype, is for the check of items."""
    parts = [torch.as_tensor(part).double().reshape(-1) for part in item]
    return sorted(torch.cat(parts).tolist())


def csv_lines(rows: list[list[str]] = ROWS, columns: int = 3) -> list[str]:
    return [",".join(row[:columns]) + "\n" for row in [HEADER, *rows]]


def expected_item(row: list[str], column: int) -> tuple[torch.Tensor, torch.Tensor]:
    values = [float(cell) for cell in row]
    label = torch.tensor(values.pop(column))
    return torch.tensor(values), label


@probe
def read_items(student: Any, lines: list[str], target: str) -> Any:
    path = written(lines)
    dataset = student.CsvDataset(path, target)
    items = [dataset[i] for i in range(len(dataset))]
    with open(path) as file:
        untouched = file.read() == "".join(lines)
    is_dataset = isinstance(dataset, torch.utils.data.Dataset)
    return {"is a Dataset": is_dataset, "items": items, "untouched": untouched}


# with two columns there is one feature
@pytest.mark.parametrize(
    ("target", "columns"), [("width", 3), ("price", 3), ("height", 3), ("width", 2)]
)
@points(3)
def test_items(student: Student, target: str, columns: int) -> None:
    """Item i is (features, label): float32, features in the header's order without the target."""
    lines = csv_lines(columns=columns)
    got = student.run(read_items, lines=lines, target=target)
    expect(got["is a Dataset"], _("CsvDataset is not a torch.utils.data.Dataset."))
    expect(got["untouched"], _("The CSV file was changed."))
    count = len(got["items"])
    expect(
        count == len(ROWS),
        _("len(dataset) is {count}, expected {wanted}.").format(count=count, wanted=len(ROWS)),
    )
    for i, row in enumerate(ROWS):
        expected = expected_item(row[:columns], HEADER.index(target))
        expect_close(got["items"][i], expected, f"dataset[{i}]")


@probe
def read_numbers(student: Any, lines: list[str], target: str) -> Any:
    dataset = student.CsvDataset(written(lines), target)
    length = len(dataset)
    return {"length": length, "items": [numbers(dataset[i]) for i in range(length)]}


def sorted_numbers(row: list[str]) -> list[float]:
    return sorted(float(cell) for cell in row)


def expect_numbers(got: Any, rows: list[list[str]]) -> None:
    expect_close(got["length"], len(rows), "len(dataset)")
    for i, row in enumerate(rows):
        expect_close(
            got["items"][i],
            sorted_numbers(row),
            _("the sorted numbers of dataset[{i}]").format(i=i),
            rtol=1e-6,
        )


@points(1)
def test_blank_lines(student: Student) -> None:
    """Blank lines are skipped, wherever they stand."""
    lines = csv_lines()
    for at in (1, 3, 3, len(lines) + 3, len(lines) + 4):
        lines.insert(at, "\n")
    expect_numbers(student.run(read_numbers, lines=lines, target="price"), ROWS)
    # the last line may end without a newline, and then no row is lost
    last = csv_lines()
    last[-1] = last[-1].rstrip("\n")
    expect_numbers(student.run(read_numbers, lines=last, target="price"), ROWS)


@pytest.mark.parametrize("count", [0, 1])
@points(1)
def test_few_rows(student: Student, count: int) -> None:
    """A file with a header alone has length 0, one with a single row has length 1."""
    rows = ROWS[:count]
    got = student.run(read_numbers, lines=csv_lines(rows), target="height")
    expect_numbers(got, rows)
    # blank lines below a header alone are no rows either
    got = student.run(read_numbers, lines=[*csv_lines(rows), "\n", "\n"], target="height")
    expect_numbers(got, rows)


@probe
def read_transformed(student: Any, lines: list[str], target: str, in_place: bool) -> Any:
    seen: list[list[float]] = []

    def transform(features: Any) -> Any:
        seen.append(sorted(features.flatten().tolist()))
        return features.mul_(10).add_(len(seen)) if in_place else features * 10 + len(seen)

    dataset = student.CsvDataset(written(lines), target, transform=transform)
    made = len(seen)
    counted = len(seen) + 0 * len(dataset)
    items = [numbers(dataset[i]) for i in (1, 1, 0)]
    return {"made": made, "counted": counted, "items": items, "seen": seen}


@pytest.mark.parametrize("in_place", [False, True], ids=["new tensor", "in place"])
@points(2)
def test_transform(student: Student, in_place: bool) -> None:
    """`transform` is applied to the features, when the item is asked for and not before."""
    got = student.run(read_transformed, lines=csv_lines(), target="price", in_place=in_place)
    told = {
        "made": _("The transform was called {times} times when the dataset was made."),
        "counted": _("The transform was called {times} times when the length was asked for."),
    }
    for when, sentence in told.items():
        expect(
            got[when] == 0,
            sentence.format(times=got[when]),
            _("Call it in `__getitem__`, not in `__init__`."),
        )
    calls = len(got["seen"])
    expect(
        calls == 3, _("The transform was called {calls} times for three items.").format(calls=calls)
    )
    for call, row in enumerate([1, 1, 0]):
        features, label = expected_item(ROWS[row], HEADER.index("price"))
        again = _(" when it is asked for again") if call == 1 else ""
        what = _("the transform's argument for dataset[{row}]{again}, sorted,").format(
            row=row, again=again
        )
        expect_close(got["seen"][call], sorted(features.tolist()), what, rtol=1e-6)
        expected = sorted([*(features * 10 + call + 1).tolist(), label.item()])
        what = _("the sorted numbers of dataset[{row}] with a transform").format(row=row)
        expect_close(got["items"][call], expected, what, rtol=1e-6)


@probe
def index_it(student: Any, lines: list[str], indices: list[int]) -> Any:
    dataset = student.CsvDataset(written(lines), "price")
    found: list[Any] = []
    for index in indices:
        try:
            found.append(numbers(dataset[index]))
        except IndexError:
            found.append("IndexError")
    return found


@points(1)
def test_negative_indices(student: Student) -> None:
    """Negative indices count from the end."""
    count = len(ROWS)
    got = student.run(index_it, lines=csv_lines(), indices=list(range(-count, 0)))
    for found, row, index in zip(got, ROWS, range(-count, 0), strict=True):
        expect(
            found != "IndexError",
            _("dataset[{index}] raises IndexError for {count} items.").format(
                index=index, count=count
            ),
        )
        what = _("the sorted numbers of dataset[{index}]").format(index=index)
        expect_close(found, sorted_numbers(row), what, rtol=1e-6)


@pytest.mark.parametrize("count", [4, 0])
@points(1)
def test_index_out_of_range(student: Student, count: int) -> None:
    """An index outside the range raises IndexError."""
    indices = [count, count + 5, -count - 1, -count - 5]
    got = student.run(index_it, lines=csv_lines(ROWS[:count]), indices=indices)
    for found, index in zip(got, indices, strict=True):
        expect(
            found == "IndexError",
            _("dataset[{index}] of {count} items gives an item instead of an IndexError.").format(
                index=index, count=count
            ),
            _("After `index += len(self)` an index that was below −len is still negative.")
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


# the second is a part of a column's name, the third differs in one capital letter
@pytest.mark.parametrize("target", ["colour", "ice", "Price"])
@points(1)
def test_unknown_target(student: Student, target: str) -> None:
    """An unknown `target` is a ValueError that names it."""
    got = student.run(ask_for_unknown, lines=csv_lines(), target=target)
    told = _('CsvDataset(path, "{target}") raises no ValueError; there is no such column.').format(
        target=target
    )
    expect(got is not None, told)
    expect(
        target in got,
        _("The ValueError does not name the unknown target: {got!r}.").format(got=got),
    )
