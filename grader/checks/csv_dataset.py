"""A map-style Dataset over a CSV file: items, length, laziness, errors."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader import Cause, Student, _, expect, expect_close, helper, points, probe

SWAPPED = Cause("swapped", "An item is (features, label), in this order.")
LAST_COLUMN = Cause("option-ignored", "The last column is the label, whatever `target` is.")
LEFT_IN = Cause("target-left-in", "The target's column stands among the features too.")
ONE_BEFORE = Cause("off-by-one", "Each item is that of the row before.")
ONE_AFTER = Cause("off-by-one", "Each item is that of the row after.")
SORTED = Cause("order", "The features are sorted by their names; leave them in the header's order.")
ROW_LOST = Cause("off-by-one", "One row is lost: skip the header once.")
HEADER_COUNTED = Cause("off-by-one", "There is one row too many: the header is none.")
CUT = Cause("rounded", "The decimals are cut off.")
NOT_TRANSFORMED = Cause("option-ignored", "`transform` is not applied.")
TABLE_CHANGED = Cause(
    "in-place", "The transform is handed a view of the table, and changes that for good: copy it."
)

# not in the order of the alphabet, numbers in several notations, and one of them twice in a row
HEADER = ["width", "price", "height"]
ROWS = [["2", "10", "3.5"], ["-4", "2e1", "5"], ["0.25", "-30", "1e-3"], ["7", "8", "7"]]


@helper
def written(lines: list[str], encoding: str = "utf-8") -> str:
    """A file with these lines, and its path."""
    import itertools
    import os

    # not a random one: an exception of the student's may tell it, and the same file gives the same report
    path = next(name for n in itertools.count() if not os.path.exists(name := f"./points{n}.csv"))
    with open(path, "x", encoding=encoding, newline="") as file:
        file.write("".join(lines))
    return path


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
    with open(path, newline="") as file:
        untouched = file.read() == "".join(lines)
    is_dataset = isinstance(dataset, torch.utils.data.Dataset)
    return {"is a Dataset": is_dataset, "items": items, "untouched": untouched}


# with two columns there is one feature
@pytest.mark.parametrize(
    ("target", "columns"), [("width", 3), ("price", 3), ("height", 3), ("width", 2)]
)
@points(2)
def test_items(student: Student, target: str, columns: int) -> None:
    """Item i is (features, label): float32, features in the header's order without the target."""
    lines = csv_lines(columns=columns)
    got = student.run(read_items, lines=lines, target=target)
    expect(got["is a Dataset"], _("CsvDataset is not a torch.utils.data.Dataset."))
    expect(got["untouched"], _("The CSV file was changed."))
    expect_length(len(got["items"]), len(ROWS))
    column = HEADER.index(target)
    expected = [expected_item(row[:columns], column) for row in ROWS]
    by_name = torch.tensor(
        sorted(range(columns - 1), key=[*HEADER[:column], *HEADER[column + 1 :]].__getitem__)
    )
    rows = [torch.tensor([float(cell) for cell in row[:columns]]) for row in ROWS]
    causes = {
        SWAPPED: [(label, features) for features, label in expected],
        LAST_COLUMN: [expected_item(row[:columns], columns - 1) for row in ROWS],
        LEFT_IN: [(row, label) for row, (_, label) in zip(rows, expected, strict=True)],
        ONE_BEFORE: [*expected[-1:], *expected[:-1]],
        ONE_AFTER: [*expected[1:], *expected[:1]],
        SORTED: [(features[by_name], label) for features, label in expected],
        CUT: [(features.trunc(), label.trunc()) for features, label in expected],
    }
    expect_close(got["items"], expected, "dataset", causes=causes)


def expect_length(got: Any, count: int) -> None:
    causes = {ROW_LOST: count - 1, HEADER_COUNTED: count + 1}
    expect_close(got, count, "len(dataset)", causes=causes)


@probe
def read_numbers(student: Any, lines: list[str], target: str, encoding: str = "utf-8") -> Any:
    dataset = student.CsvDataset(written(lines, encoding), target)
    length = len(dataset)
    return {"length": length, "items": [numbers(dataset[i]) for i in range(length)]}


def sorted_numbers(row: list[str]) -> list[float]:
    return sorted(float(cell) for cell in row)


def expect_numbers(got: Any, rows: list[list[str]]) -> None:
    expect_length(got["length"], len(rows))
    expected = [sorted_numbers(row) for row in rows]
    causes = mistaken_rows(expected)
    expect_close(
        got["items"], expected, _("the sorted numbers of dataset"), rtol=1e-6, causes=causes
    )


def mistaken_rows(expected: list[list[float]]) -> dict[Cause, Any]:
    return {
        ONE_BEFORE: [*expected[-1:], *expected[:-1]],
        ONE_AFTER: [*expected[1:], *expected[:1]],
        CUT: [[float(int(number)) for number in row] for row in expected],
    }


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


# a header, the target, and rows, as they stand in the file; what is quoted may hold a comma or a quote
FORMS: dict[str, tuple[list[str], str, list[str]]] = {
    "a byte-order mark": (["width", "price"], "price", ["2,10", "-4,20"]),
    "lines ended by CRLF": (["width", "price"], "price", ["2,10", "-4,20"]),
    "quotes": (['"w, h"', '"say ""price"""', '"depth"'], 'say "price"', ['"2",10,"3.5"', '-4,"20",5']),
    "names with spaces and Hangul": (["너비 (cm)", " price ", "높이"], " price ", ["2,10,3", "-4,20,5"]),
    "numbers in every notation": (["width", "price"], "price", ["+3,.5", "1E5,4097", "5., 7 ", "-0,1e-3"]),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@points(1)
def test_forms(student: Student, form: str) -> None:
    """A byte-order mark, CRLF, quotes, any names, and numbers in any notation are read."""
    header, target, rows = FORMS[form]
    end = "\r\n" if form == "lines ended by CRLF" else "\n"
    lines = [f"{line}{end}" for line in (",".join(header), *rows)]
    encoding = "utf-8-sig" if form == "a byte-order mark" else "utf-8"
    got = student.run(read_numbers, lines=lines, target=target, encoding=encoding)
    expect_numbers(got, [[cell.strip('"') for cell in row.split(",")] for row in rows])


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
    sentences = {
        "made": _("The transform was called {times} times when the dataset was made."),
        "counted": _("The transform was called {times} times when the length was asked for."),
    }
    for when, sentence in sentences.items():
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
        changed = {TABLE_CHANGED: sorted((features * 10 + call).tolist())}
        expect_close(got["seen"][call], sorted(features.tolist()), what, rtol=1e-6, causes=changed)
        expected = sorted([*(features * 10 + call + 1).tolist(), label.item()])
        what = _("the sorted numbers of dataset[{row}] with a transform").format(row=row)
        plain = {NOT_TRANSFORMED: sorted_numbers(ROWS[row])}
        expect_close(got["items"][call], expected, what, rtol=1e-6, causes=plain)


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
    for found, index in zip(got, range(-count, 0), strict=True):
        expect(
            found != "IndexError",
            _("dataset[{index}] raises IndexError for {count} items.").format(
                index=index, count=count
            ),
        )
    expected = [sorted_numbers(row) for row in ROWS]
    what = _("the sorted numbers of the items at −4, −3, −2 and −1,")
    expect_close(got, expected, what, rtol=1e-6, causes=mistaken_rows(expected))


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
    sentence = _(
        'CsvDataset(path, "{target}") raises no ValueError; there is no such column.'
    ).format(target=target)
    expect(got is not None, sentence)
    expect(
        target in got,
        _("The ValueError does not name the unknown target: {got!r}.").format(got=got),
    )


HINTS = (
    """What has to be known when the dataset is made, and what only when an item is asked for? The
    `transform` belongs to the second moment.""",
    """Keep the lines that are not blank, take the first as the header, and make one float32 tensor of the
    others; without others it needs a `reshape` to keep its columns. Indexing a tensor understands
    negative numbers and raises `IndexError` by itself. What you hand to a `transform` may be changed by
    it: hand it a copy.""",
    """With `rows` as lists of floats below the `header`:

    ```python
    column = header.index(target)
    table = torch.tensor(rows, dtype=torch.float32).reshape(len(rows), len(header))
    self.labels = table[:, column]
    self.features = torch.cat((table[:, :column], table[:, column + 1 :]), dim=1)
    ```

    Before it, `if target not in header: raise ValueError(f"there is no column {target!r}")`. An item begins
    with `self.features[index].clone()`.""",
)
