"""A map-style Dataset over a CSV file: items, length, laziness, errors."""

from __future__ import annotations

import itertools
import math
import re
from typing import Any

import pytest
import torch
from torch import Tensor

from grader import (
    N_,
    Cause,
    Draw,
    Student,
    _,
    expect,
    expect_close,
    explain,
    helper,
    points,
    probe,
    rounds,
)

SWAPPED = Cause("swapped", "An item is (features, label), in this order.")
LAST_COLUMN = Cause("option-ignored", "The last column is the label, whatever `target` is.")
FIRST_COLUMN = Cause("option-ignored", "The first column is the label, whatever `target` is.")
BUT_LAST = Cause("wrong-column", "Features are all columns but the last, whatever `target` is.")
BUT_FIRST = Cause("wrong-column", "Features are all columns but the first, whatever `target` is.")
LEFT_IN = Cause("target-left-in", "The target's column stands among the features too.")
ONE_BEFORE = Cause("off-by-one", "Each item is that of the row before.")
ONE_AFTER = Cause("off-by-one", "Each item is that of the row after.")
LABEL_AFTER = Cause("off-by-one", "Each item has the label of the row after.")
LABEL_BEFORE = Cause("off-by-one", "Each item has the label of the row before.")
COLUMN_BEFORE = Cause("off-by-one", "The label is that of the column before the target's.")
COLUMN_AFTER = Cause("off-by-one", "The label is that of the column after the target's.")
LABEL_FIRST = Cause("wrong-column", "The label is that of the first column, whatever `target` is.")
LABEL_LAST = Cause("wrong-column", "The label is that of the last column, whatever `target` is.")
BEFORE_ALONE = Cause("columns-lost", "Only the columns before the target's are features.")
OTHER_ORDER = Cause("order", "The rows are right, and come in another order than in the file.")
SORTED = Cause(
    "order",
    "The features come sorted by their names, or reversed; leave them in the header's order.",
)
FIRST_ALONE = Cause("index-ignored", "Every item is that of the first row, whatever the index is.")
ROW_LOST = Cause(
    "off-by-one",
    "There is one item too few: every line below the header is one, and the header alone is none.",
)
# several files show it: of one, the number may be that by chance
COLUMNS_COUNTED = Cause(
    "wrong-count", "It is the number of {columns}; that of the rows is asked."
).unsure()
HEADER_COUNTED = Cause(
    "off-by-one", "There is one item too many: neither the header nor a blank line is one."
)
BLANKS_COUNTED = Cause("blank-lines", "Blank lines are counted as rows.")
FROM_THE_END = Cause(
    "negative-index", "An index below 0 counts from the end, as in a list: −1 is the last item."
)
NO_F = Cause("f-string", "The text is printed as it stands: an `f` is missing before its quotes.")
OTHER_EXCEPTION = Cause(
    "other-exception",
    "There is no such column: raise a ValueError that names the target, before anything else looks for it.",
)
CUT = Cause("rounded", "Decimals are lost: they are cut off, or rounded away.")
LABEL_CUT = Cause("rounded", "The decimals of the label are cut off.")
NOT_TRANSFORMED = Cause(
    "option-ignored", "The transform is called, and what it returns is not in the item."
)
LABEL_TOO = Cause(
    "too-much", "The transform is called for the label, too; it is for the features alone."
)
RESULT_KEPT = Cause(
    "stale",
    "What the transform made of an item is what it is given the next time: leave the table as it is.",
)
TABLE_CHANGED = Cause("in-place", "The transform changes what the table keeps: hand it a copy.")
CHANGED = Cause("stale", "Right the first time: to ask for an item changes what is kept of it.")
LABEL_ALONE = Cause("too-much", "The transform is given the label in place of the features.")
LABEL_GIVEN = Cause("target-left-in", "The transform is given the label, too: take it out first.")
NOT_READ = Cause(
    "nan",
    "What `numpy.genfromtxt` and the like cannot read becomes NaN: `csv.reader` and `float` read all of it.",
)
NOT_FOUND = Cause("column-not-found", "The file has that column: {why}.")
WHY_NOT_FOUND = {
    "quotes": N_(
        "its names stand in quotes, with commas and quotes within. `csv.reader(file)` takes such fields apart, and a "
        "split at the commas does not"
    ),
    "lines ended by CRLF": N_(
        "it is the last one, and its line ends with `\\r\\n`. Cut off both, or let `csv.reader` do it"
    ),
    "names with spaces and Hangul": N_(
        "its name begins and ends with a space and holds Hangul. Leave names as they stand, without `strip`, and open "
        "the file as UTF-8"
    ),
}

Row = list[str]  # of cells, as they stand in the file

# the label's column, round by round; in a file of two columns the last is the one in the middle
PLACES = ("first", "middle", "last")
CALLS = {
    "CsvDataset(path, target)": {"by_keyword": False, "as_path": False},
    "CsvDataset(path=path, target=target)": {"by_keyword": True, "as_path": False},
    "CsvDataset(Path(path), target)": {"by_keyword": False, "as_path": True},
}
# longer than what anybody would think of as a limit
LONG = 1001, 2000
# how a number is written, each as `float` reads it; some take no digit of it
NOTATIONS = ("{:+.3f}", "{:.4E}", " {!r} ", "{:.0f}", "{:.0f}.", '"{!r}"', "{:.3e}")


def drawn_cells(draw: Draw, rows: int, columns: int, size: float = 1.0) -> list[Row]:
    """Numbers as cells: some of them whole, and beyond the published round in several notations."""
    values = (size * draw.numbers(rows, columns)).tolist()
    notations = ("{:.2f}", "{:.2f}", "{:.0f}") if draw.round.is_published else ("{:.9f}", "{:.5f}")
    return [
        [notations[(3 * row + at) % len(notations)].format(value) for at, value in enumerate(cells)]
        for row, cells in enumerate(values)
    ]


def drawn_target(draw: Draw, header: list[str]) -> int:
    """The label's column."""
    place = draw.choice("place", PLACES)
    del draw.drawn["place"]
    column = {"first": 0, "middle": len(header) // 2, "last": len(header) - 1}[place]
    draw.drawn["target"] = f"target = {header[column]!r}"
    return column


def drawn_file(draw: Draw, low: int = 2) -> tuple[list[str], list[Row], int]:
    """A header that is not in the order of the alphabet, a few rows, and the label's column."""
    columns = draw.size("columns", low, 6)
    header = sorted(draw.names(columns), reverse=True)
    rows = draw.size("rows", 2, 6)
    return header, drawn_cells(draw, rows, columns), drawn_target(draw, header)


def lines_of(header: list[str], rows: list[Row], end: str = "\n") -> list[str]:
    return [",".join(cells) + end for cells in (header, *rows)]


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
    """All numbers of an item, sorted, NaN last: which is which, and in what form, is for the check of items."""
    parts = [torch.as_tensor(part).double().reshape(-1) for part in item]
    return torch.cat(parts).sort().values.tolist()


def expected_item(row: Row, column: int) -> tuple[Tensor, Tensor]:
    values = [float(cell) for cell in row]
    label = torch.tensor(values.pop(column))
    return torch.tensor(values), label


def with_labels(items: list[tuple[Tensor, Tensor]], step: int) -> list[tuple[Tensor, Tensor]]:
    """The features of each row, and the label of another one."""
    labels = [label for _, label in items]
    return [(features, labels[(at + step) % len(items)]) for at, (features, _) in enumerate(items)]


@probe
def read_items(student: Any, lines: list[str], target: str, by_keyword: bool, as_path: bool) -> Any:
    from pathlib import Path

    name = written(lines)
    path = Path(name) if as_path else name
    args, kwargs = ([], {"path": path, "target": target}) if by_keyword else ([path, target], {})
    dataset = student.CsvDataset(*args, **kwargs)
    if by_keyword or as_path:  # and another one, with the rows in reverse
        student.CsvDataset(written([lines[0], *lines[:0:-1]]), target)
    length = len(dataset)
    items = [dataset[i] for i in range(min(length, len(lines) - 1))]
    with open(name, newline="", encoding="utf-8") as file:
        untouched = file.read() == "".join(lines)
    is_dataset = isinstance(dataset, torch.utils.data.Dataset)
    return {"is a Dataset": is_dataset, "length": length, "items": items, "untouched": untouched}


@rounds(single=True)
@points(2)
def test_items(student: Student, draw: Draw) -> None:
    """Item i is (features, label): float32, features in the header's order without the target."""
    columns = draw.size("columns", 3 if draw.round.ones != 0 else 2)
    size, count = draw.magnitude("numbers"), draw.size("rows", high=9)
    header = sorted(draw.names(columns), reverse=True)
    rows, column = drawn_cells(draw, count, columns, size), drawn_target(draw, header)
    if column > 1:
        rows[0][0] = rows[0][column]  # the label's number stands before it as well
    lines, call = lines_of(header, rows), draw.choice("call", CALLS)
    got = student.run(read_items, lines=lines, target=header[column], **call)
    expect(got["is a Dataset"], _("CsvDataset is not a torch.utils.data.Dataset."))
    expect(got["untouched"], _("The CSV file was changed."))
    expect_length(got["length"], count, columns=columns)
    expected = [expected_item(row, column) for row in rows]
    by_name = torch.arange(columns - 2, -1, -1)  # the header is in the reverse order
    tables = [torch.tensor([float(cell) for cell in row]) for row in rows]
    pairs = [*zip(expected, tables, strict=True)]
    before = [(features, row[column - 1]) for (features, _), row in pairs]
    after = [(features, row[(column + 1) % columns]) for (features, _), row in pairs]
    causes = {
        SWAPPED: [(label, features) for features, label in expected],
        LAST_COLUMN: [expected_item(row, columns - 1) for row in rows],
        FIRST_COLUMN: [expected_item(row, 0) for row in rows],
        BUT_LAST: [(row[:-1], label) for (_, label), row in pairs],
        BUT_FIRST: [(row[1:], label) for (_, label), row in pairs],
        LEFT_IN: [(row, label) for (_, label), row in pairs],
        BEFORE_ALONE: [(row[:column], label) for (_, label), row in pairs],
        ONE_BEFORE: [*expected[-1:], *expected[:-1]],
        ONE_AFTER: [*expected[1:], *expected[:1]],
        FIRST_ALONE: expected[:1] * count,
        COLUMN_BEFORE if column else COLUMN_BEFORE.unsure(): before,
        COLUMN_AFTER if column + 1 < columns else COLUMN_AFTER.unsure(): after,
        LABEL_FIRST: [(features, row[0]) for (features, _), row in pairs],
        LABEL_LAST: [(features, row[-1]) for (features, _), row in pairs],
        LABEL_AFTER: with_labels(expected, 1),
        LABEL_BEFORE: with_labels(expected, -1),
        SORTED: [(features[by_name], label) for features, label in expected],
        CUT: [(features.trunc(), label.trunc()) for features, label in expected],
        LABEL_CUT: [(features, label.trunc()) for features, label in expected],
    }
    # where torch's default dtype is float64, an item's may follow it
    if student.default_dtype == torch.float32:
        expect_close(got["items"], expected, "dataset", scale=size, causes=causes, fixed_dtype=True)
    if draw.round.low > 64:
        expect_many(student, draw)


@probe
def read_some(student: Any, table: Tensor, indices: list[int]) -> Any:
    """The length of a dataset of two columns, and the numbers of some of its items."""
    lines = [f"{x!r},{y!r}\n" for x, y in table.tolist()]
    dataset = student.CsvDataset(written(["x,y\n", *lines]), "y")
    length = len(dataset)
    return {"length": length, "items": [numbers(dataset[i]) for i in indices if i < length]}


def expect_many(student: Student, draw: Draw) -> None:
    """A file of many rows: its length, and some of its items."""
    count = int(draw.integers(*LONG, 1).item())
    draw.drawn["rows"] = f"rows = {count}"
    table = draw.normal(count, 2)
    indices = [*draw.integers(0, count, 8).tolist(), count - 1]
    got = student.run(read_some, table=table, indices=indices)
    expect_length(got["length"], count)
    expected = [sorted(table[index].tolist()) for index in indices]
    expect_close(got["items"], expected, _("the sorted numbers of dataset"), rtol=1e-6)


def expect_length(got: Any, count: int, blanks: int = 0, columns: int = 0) -> None:
    """`blanks`, `columns`: how many blank lines and columns there are in the file."""
    counts: dict[Cause, tuple[int, ...]] = {
        BLANKS_COUNTED: (count + blanks,),
        ROW_LOST: (count - 1,),
        HEADER_COUNTED: (count + 1,),
    }
    if columns:
        counts[COLUMNS_COUNTED.of(columns=_("columns")).unsure()] = (columns,)
        counts[COLUMNS_COUNTED.of(columns=_("features")).unsure()] = (columns - 1,)
    # two mistakes may give one number: the one that fits in more of the files is told
    causes = {cause: got for cause, numbers in counts.items() if got in numbers}
    expect_close(got, count, "len(dataset)", causes=causes)


@probe
def read_numbers(student: Any, files: list[list[str]], target: str, count: int) -> list[Any]:
    """The length and the numbers of each file; all datasets are made before the first is gone through."""
    datasets = [student.CsvDataset(written(lines), target) for lines in files]
    return [
        {"length": n, "items": [numbers(dataset[i]) for i in range(min(n, count))]}
        for n, dataset in zip(map(len, datasets), datasets, strict=True)
    ]


@probe
def read_form(student: Any, lines: list[str], target: str, encoding: str, count: int) -> Any:
    """As `read_numbers` of one file; or the error, where a column is not found that is found in a plain file."""
    try:
        dataset = student.CsvDataset(written(lines, encoding), target)
    except (ValueError, LookupError) as error:
        if target not in str(error):
            raise
        try:
            student.CsvDataset(written(["x,y\n", "1,2\n"]), "x")
        except Exception:
            raise error from None
        return {"error": f"{type(error).__name__}: {error}"}
    n = len(dataset)
    return {"length": n, "items": [numbers(dataset[i]) for i in range(min(n, count))]}


def sorted_numbers(row: Row) -> list[float]:
    return sorted(float(cell.strip('"')) for cell in row)


def expect_numbers(got: Any, rows: list[Row], column: int, blanks: int = 0) -> None:
    expect_length(got["length"], len(rows), blanks, len(rows[0]) if rows else 0)
    expected = [sorted_numbers(row) for row in rows]
    what = _("the sorted numbers of dataset")
    causes = mistaken_rows(rows, column)
    order = [next((row for row in expected if near(item, row)), []) for item in got["items"]]
    causes |= {OTHER_ORDER: order} if sorted(order) == sorted(expected) else {}
    expect_close(got["items"], expected, what, rtol=1e-6, causes=causes)


def mistaken_rows(rows: list[Row], column: int) -> dict[Cause, Any]:
    """What known mistakes make of the sorted numbers of each item."""
    expected = [sorted_numbers(row) for row in rows]
    labels = [float(row[column].strip('"')) for row in rows]
    in_two = [sorted([*numbers, label]) for numbers, label in zip(expected, labels, strict=True)]
    cut = []
    for numbers, label in zip(expected, labels, strict=True):
        at = numbers.index(label)
        cut.append(sorted([*numbers[:at], *numbers[at + 1 :], float(int(label))]))
    return {
        LEFT_IN: in_two,
        ONE_BEFORE: [*expected[-1:], *expected[:-1]],
        ONE_AFTER: [*expected[1:], *expected[:1]],
        FIRST_ALONE: expected[:1] * len(expected),
        CUT: [sorted(float(int(number)) for number in row) for row in expected],
        LABEL_CUT: cut,
    }


@rounds("published", "more ones", "equal", single=True)
@points(1)
def test_blank_lines(student: Student, draw: Draw) -> None:
    """Blank lines are skipped, wherever they stand."""
    header, rows, column = drawn_file(draw)
    lines, last = lines_of(header, rows), lines_of(header, rows)
    for at in draw.integers(1, len(rows) + 1, 3).tolist():
        lines.insert(at, "\n")
    lines += ["\n"] * draw.count("blank lines at the end", 1, 5)
    blanks = len(lines) - len(last)
    # the last line may end without a newline, and then no row is lost
    last[-1] = last[-1].rstrip("\n")
    found = student.run(read_numbers, files=[lines, last], target=header[column], count=len(rows))
    for got, count in zip(found, (blanks, 0), strict=True):
        expect_numbers(got, rows, column, count)


# what may be odd about a file; what is quoted may hold a comma or a quote
FORMS = (
    "a byte-order mark",
    "lines ended by CRLF",
    "quotes",
    "names with spaces and Hangul",
    "numbers in every notation",
)


@rounds(single=True)
@points(1)
def test_forms(student: Student, draw: Draw) -> None:
    """A byte-order mark, CRLF, quotes, any names, and numbers in any notation are read."""
    form = draw.choice("form", FORMS)
    header = drawn_header(draw, form)
    # more rows than columns: whoever counts the columns has another number
    columns = len(header)
    count = columns + int(draw.integers(2, 5, 1).item())
    rows = drawn_cells(draw, count, columns)
    if form == "numbers in every notation":
        rows = drawn_notations(draw, count, columns)
    elif form == "quotes":
        rows = [
            [f'"{cell}"' if (row + at) % 2 else cell for at, cell in enumerate(cells)]
            for row, cells in enumerate(rows)
        ]
    end = "\r\n" if form == "lines ended by CRLF" else "\n"
    encoding = "utf-8-sig" if form == "a byte-order mark" else "utf-8"
    # with CRLF the last name is followed by it; the byte-order mark stands before the first one, which is not
    # made the target: most who read such a file rightly open it as plain UTF-8
    target = header[-1] if form == "lines ended by CRLF" else header[1]
    lines = lines_of([quoted(name, form) for name in header], rows, end)
    got = student.run(read_form, lines=lines, target=target, encoding=encoding, count=len(rows))
    error, why = got.get("error", ""), WHY_NOT_FOUND.get(form, "")
    sentence = _("CsvDataset(path, target) raises {error}.").format(error=error)
    expect(not error, sentence, NOT_FOUND.in_case(why=_(why)) if why else "")
    is_nan = any(map(math.isnan, itertools.chain(*got["items"])))
    expect(not is_nan, _("The items hold NaN, and the file has numbers alone."), NOT_READ)
    expect_numbers(got, rows, header.index(target))


def drawn_header(draw: Draw, form: str) -> list[str]:
    """Two or three names; the second one has what the form is about."""
    first, second, third = draw.names(3)
    if form == "quotes":
        return [f"{first}, {third}", f'{second} "{third}"', third]
    if form == "names with spaces and Hangul":
        hangul = "".join(chr(0xAC00 + at) for at in draw.integers(0, 11172, 4).tolist())
        return [f"{hangul[:2]} ({first})", f" {second} {hangul[2:]} ", third]
    return [first, second, third][: int(draw.integers(2, 4, 1).item())]


def quoted(name: str, form: str) -> str:
    return '"' + name.replace('"', '""') + '"' if form == "quotes" else name


def drawn_notations(draw: Draw, rows: int, columns: int) -> list[Row]:
    """Numbers in every way to write them; the first ones are those that are forgotten most easily."""
    cells = ["+3", ".5", "1E5", "4097", "-0", "5.", f"-.{draw.integers(1, 1000, 1).item()}"]
    values = (1000 * draw.normal(rows * columns)).tolist()
    for number, value in enumerate(values):
        cells.append(NOTATIONS[number % len(NOTATIONS)].format(value))
    count = -(-len(cells) // columns)
    cells += ["0"] * (count * columns - len(cells))
    return [cells[row * columns : (row + 1) * columns] for row in range(count)]


@pytest.mark.parametrize("count", [0, 1])
@rounds("published", "equal", single=True)
@points(1)
def test_few_rows(student: Student, draw: Draw, count: int) -> None:
    """A file with a header alone has length 0, one with a single row has length 1."""
    header, rows, column = drawn_file(draw)
    draw.drawn["rows"] = f"rows = {count}"
    lines = lines_of(header, rows[:count])
    # blank lines below a header alone are no rows either
    files = [lines, [*lines, "\n", "\n"]]
    found = student.run(read_numbers, files=files, target=header[column], count=count)
    for got, blanks in zip(found, (0, 2), strict=True):
        expect_numbers(got, rows[:count], column, blanks)


@probe
def read_transformed(
    student: Any,
    lines: list[str],
    target: str,
    indices: list[int],
    factor: float,
    in_place: bool,
    by_position: bool,
) -> Any:
    seen: list[list[float]] = []

    def transform(features: Any) -> Any:
        seen.append(sorted(features.flatten().tolist()))
        if in_place:
            return features.mul_(factor).add_(len(seen))
        return features * factor + len(seen)

    path = written(lines)
    if by_position:
        dataset = student.CsvDataset(path, target, transform)
    else:
        dataset = student.CsvDataset(path, target, transform=transform)
    made = len(seen)
    counted = len(seen) + 0 * len(dataset)
    items = [numbers(dataset[i]) for i in indices]
    return {"made": made, "counted": counted, "items": items, "seen": seen}


@rounds("published", "more ones", "equal", "large", single=True)
@points(2)
def test_transform(student: Student, draw: Draw) -> None:
    """`transform` is applied to the features, when the item is asked for and not before."""
    header, rows, column = drawn_file(draw, low=3)
    index = int(draw.integers(0, len(rows), 1).item())
    indices = [index, index, (index + 1) % len(rows)]
    [factor] = draw.coefficients(1)
    args, _kwargs = draw.passed(transform=True)
    in_place = draw.choice("in_place", [False, True])
    got = student.run(
        read_transformed,
        lines=lines_of(header, rows),
        target=header[column],
        indices=indices,
        factor=10 * factor,
        in_place=in_place,
        by_position=bool(args),
    )
    sentences = {
        "made": _("The transform was called {times} times when the dataset was made."),
        "counted": _("The transform was called {times} times when the length was asked for."),
    }
    for when, sentence in sentences.items():
        expect(
            got[when] == 0,
            sentence.format(times=got[when]),
            _("Call it in `__getitem__`, and nowhere else."),
        )
    calls = len(got["seen"])
    labels = [expected_item(rows[row], column)[1].item() for row in indices]
    for_labels = calls == 6 and got["seen"][1::2] == [[label] for label in labels]
    expect(
        calls == 3,
        _("The transform was called {calls} times for three items.").format(calls=calls),
        LABEL_TOO if for_labels else "",
    )
    for call, row in enumerate(indices):
        expect_transformed(got, call, (row, rows[row], column), 10 * factor, in_place)


def expect_transformed(
    got: Any, call: int, place: tuple[int, Row, int], factor: float, in_place: bool
) -> None:
    """What the transform was given at a call, and what came of it; `place`: the row's number, it, and the target."""
    row, cells, column = place
    features, label = expected_item(cells, column)
    again = _(" when it is asked for again") if call == 1 else ""
    what = _("the transform's argument for dataset[{row}]{again}, sorted,").format(
        row=row, again=again
    )
    before = sorted((features * factor + call).tolist())
    causes: dict[Cause, Any] = {TABLE_CHANGED: before} if in_place and call else {}
    causes |= {RESULT_KEPT: before, CHANGED: got["seen"][1]} if call == 1 else {}
    causes |= {
        LABEL_ALONE: [label.item()],
        LABEL_GIVEN: sorted_numbers(cells),
        BUT_FIRST: sorted(expected_item(cells, 0)[0].tolist()),
        BUT_LAST: sorted(expected_item(cells, len(cells) - 1)[0].tolist()),
    }
    expect_close(got["seen"][call], sorted(features.tolist()), what, rtol=1e-6, causes=causes)
    expected = sorted([*(features * factor + call + 1).tolist(), label.item()])
    what = _("the sorted numbers of dataset[{row}] with a transform").format(row=row)
    plain = {NOT_TRANSFORMED: sorted([*features.tolist(), label.item()])}
    expect_close(got["items"][call], expected, what, rtol=1e-6, causes=plain)


@probe
def index_it(student: Any, lines: list[str], target: str, indices: list[int]) -> Any:
    dataset = student.CsvDataset(written(lines), target)
    found: list[Any] = []
    for index in indices:
        try:
            found.append(numbers(dataset[index]))
        except IndexError:
            found.append("IndexError")
    return found


@rounds("published", "more ones", "equal", single=True)
@points(1)
def test_negative_indices(student: Student, draw: Draw) -> None:
    """Negative indices count from the end."""
    header, rows, column = drawn_file(draw)
    count = len(rows)
    indices = list(range(-count, 0))
    got = student.run(
        index_it, lines=lines_of(header, rows), target=header[column], indices=indices
    )
    for found, index in zip(got, indices, strict=True):
        expect(
            found != "IndexError",
            _("dataset[{index}] raises IndexError for {count} items.").format(
                index=index, count=count
            ),
            FROM_THE_END if all(each == "IndexError" for each in got) else "",
        )
    expected = [sorted_numbers(row) for row in rows]
    what = _("the sorted numbers of the items from −{count} to −1,").format(count=count)
    expect_close(got, expected, what, rtol=1e-6, causes=mistaken_rows(rows, column))


@pytest.mark.parametrize("empty", [False, True], ids=["rows", "a header alone"])
@rounds("published", "equal", single=True)
@points(1)
def test_index_out_of_range(student: Student, draw: Draw, empty: bool) -> None:
    """An index outside the range raises IndexError."""
    header, rows, column = drawn_file(draw)
    count, far = 0 if empty else len(rows), int(draw.integers(1, 50, 1).item())
    indices = [count, count + far, -count - 1, -count - 1 - far]
    lines = lines_of(header, rows[:count])
    got = student.run(index_it, lines=lines, target=header[column], indices=indices)
    ordered = [sorted_numbers(row) for row in rows[:count]]
    around = [count and ordered[index % count] for index in indices]
    cause: Cause | str = ""
    if "IndexError" not in got and count and all(map(near, got, around)):
        cause = explain.AROUND
    elif got[:2] == ["IndexError"] * 2:
        cause = explain.BELOW
    for found, index in zip(got, indices, strict=True):
        expect(
            found == "IndexError",
            _("dataset[{index}] of {count} items gives an item instead of an IndexError.").format(
                index=index, count=count
            ),
            cause,
        )


def near(got: Any, expected: Any) -> bool:
    """Whether numbers are those, but for their rounding."""
    is_list = isinstance(got, list) and len(got) == len(expected)
    pairs = zip(got, expected, strict=True) if is_list else ()
    return is_list and all(math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-6) for a, b in pairs)


@probe
def ask_for_unknown(student: Any, lines: list[str], target: str) -> Any:
    try:
        student.CsvDataset(written(lines), target)
    except ValueError as error:
        return ["", str(error)]
    except (LookupError, AssertionError) as error:  # what says that it is not there in another way
        return [type(error).__name__, str(error)]
    return None


@rounds("published", "ones", "more ones", single=True)
@points(1)
def test_unknown_target(student: Student, draw: Draw) -> None:
    """An unknown `target` is a ValueError that names it."""
    header, rows, column = drawn_file(draw)
    known = header[column]
    # the second is a part of a column's name, the third differs in capital letters
    kinds = {"another": draw.name(), "a part": known[1:-1], "in capitals": known.upper()}
    target = draw.choice("target", kinds)
    draw.drawn["target"] = f"target = {target!r}"
    got = student.run(ask_for_unknown, lines=lines_of(header, rows), target=target)
    sentence = _(
        'CsvDataset(path, "{target}") raises no ValueError; there is no such column.'
    ).format(target=target)
    expect(got is not None, sentence)
    kind, text = got
    sentence = _('CsvDataset(path, "{target}") raises {kind}; a ValueError is asked.')
    expect(not kind, sentence.format(target=target, kind=kind), OTHER_EXCEPTION)
    expect(
        target in text,
        _("The ValueError does not name the unknown target: {got!r}.").format(got=text),
        NO_F if re.search(r"\{\w+(![rs])?\}", text) else "",
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
COMPARE = """Another right way: `csv.DictReader`, or `pandas.read_csv` and `torch.from_numpy` for large files: parsing
    numbers in Python is slow.

    A `Dataset` is any object with `__getitem__` and `__len__`; a `DataLoader` asks for nothing else. What is
    read once in `__init__` is copied into each worker process."""
