"""A Dataset over a tree of files: classes, order, laziness."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader import (
    Cause,
    Draw,
    Received,
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

SWAPPED = Cause("swapped", "An item is (tensor, class index), in this order.")
NOT_SORTED = Cause(
    "order",
    "The names are right, in another order: classes by their names, then files by theirs, as `sorted` orders plain "
    "strings.",
)
WHOLE_PATHS = Cause(
    "order",
    "It is the order of whole paths as text, in which `-` and a space come before `/`: sort the classes, then the "
    "files of each.",
)
NOT_CASE = Cause("order", "It is the order of the names in small letters: sort them as they are.")
NO_FILES = Cause(
    "other-files",
    "Among the items: {names}. Only files right in a class whose names end in `.npy` count.",
)
LEFT_OUT = Cause("other-files", "Not among the items: {names}.")
NO_CLASSES = Cause(
    "other-classes", "Files right under `root` are taken for classes: folders alone are classes."
)
SAME_CLASS = Cause("constant-label", "Every item has the index of one class, {which}.")
ITEM_NUMBER = Cause(
    "index-for-label", "The number of the item stands where that of its class should."
)
FROM_ONE = Cause("off-by-one", "The classes are numbered from 1; the first one is 0.")
CLASSES_COUNTED = Cause("wrong-count", "It is the number of classes; that of the items is asked.")
LENGTH_ALONE = Cause(
    "wrong-count", "`dataset[i]` reaches every file; `__len__` alone gives another number."
)
DTYPE_LOST = Cause(
    "dtype",
    "The tensor has the dtype of its array, as `torch.from_numpy` makes it: `.float()`, `torch.Tensor(…)`, `.tolist()` "
    "on the way, and a dtype that is written down give another.",
)
TENSOR_FIRST = Cause(
    "kind", "Make the tensor first (`torch.from_numpy`), and hand that to the transform."
)
NOT_TRANSFORMED = Cause(
    "option-ignored", "The transform is called, and what it returns is not in the item."
)
TENSOR_KEPT = Cause(
    "stale",
    "What the transform made of an item is what it is given the next time: read the file each time.",
)
FILE_CHANGED = Cause(
    "in-place", "The transform works on the file itself, and changes it for good: copy the array."
)

Tree = dict[str, dict[str, Tensor]]

# what `torch.from_numpy` takes; those that come first are among the first files
DTYPES = (
    torch.float32,
    torch.float64,
    torch.uint8,
    torch.int64,
    torch.bool,
    torch.float16,
    torch.int32,
    torch.int16,
    torch.int8,
)
RARE_DTYPES = ("complex128", "complex64", "uint16", "uint32", "uint64")  # in their order
CALLS = {
    "FolderDataset(root)": {"by_keyword": False, "as_path": False},
    "FolderDataset(root=root)": {"by_keyword": True, "as_path": False},
    "FolderDataset(Path(root))": {"by_keyword": False, "as_path": True},
}
MANY = 101, 250  # files; to make one takes a while


def drawn_array(draw: Draw, number: int) -> Tensor:
    """An array; the number of the file says of which dtype, and of how many dimensions."""
    dtype = DTYPES[number % len(DTYPES)]
    shapes = [(n := draw.size("size", high=130),), (), (1, n), (n, 1, 2), (n,), (2, min(n, 60))]
    shape = shapes[number % len(shapes)]
    if dtype.is_floating_point:
        values = 300 * draw.normal(*shape) if number % 4 else draw.normal(*shape) / 300
    else:
        low, high = (0, 2) if dtype == torch.bool else (torch.iinfo(dtype).min, 100)
        values = draw.integers(max(low, -(2**40)) if shape else 0, high, *shape)
    values = values.to(dtype)
    return draw.strided(values) if number % 2 else values


def drawn_tree(draw: Draw, names: list[str], kind: Any = "layer", most: int = 3) -> Tree:
    """Classes made in an order that is not sorted, in either direction, the second without files, the last with some.

    Two files are of one dtype and shape.
    """
    in_order = sorted(names)
    counts = dict(zip(in_order, [2, 0, *([1] * len(names))], strict=False))
    counts[in_order[-1]] = most
    made = [*in_order[1:2], *in_order[:1], *in_order[:1:-1]]
    tree: Tree = {}
    number = draw.round.number
    for name in made:
        files = sorted(draw.names(counts[name], kind), reverse=True)
        tree[name] = {file: drawn_array(draw, number := number + 1) for file in files}
    last = tree[in_order[-1]]
    first, second = list(last)[:2]
    last[second] = torch.flip(last[first], [*range(last[first].dim())]) + last[first].new_ones(())
    return tree


def drawn_knots(draw: Draw) -> Tree:
    """What goes wrong if whole paths are sorted as text ("-" and " " come before "/"), or names as numbers or in
    lower case."""
    *names, x = draw.names(5)
    last = max(names)  # in capitals it comes first
    word, other, third = (name for name in names if name != last)
    tree: dict[str, list[str]] = {
        f"{word}-2": ["a"],
        other: [f"{x}10", f"{x.upper()}3", f"{x}2", f"{x.upper()}20", f"{x}1"],
        word: ["z"],
        last.upper(): ["b"],
        third: ["a"],
        f"{word} 2": ["a"],
    }
    places = iter(range(1, 100))
    return {
        name: {file: torch.tensor([next(places)]) for file in files} for name, files in tree.items()
    }


def order_of(tree: Tree) -> list[tuple[Tensor, int]]:
    """The items that are asked for."""
    return [
        (tree[name][file], label)
        for label, name in enumerate(sorted(tree))
        for file in sorted(tree[name])
    ]


@helper
def planted(tree: Any) -> str:
    """A folder with these classes and files, and its path."""
    import itertools
    import os

    import numpy

    # not a random one: an exception of the student's may tell it, and the same file gives the same report
    root = next(name for n in itertools.count() if not os.path.exists(name := f"./data{n}"))
    os.mkdir(root)
    for name, files in tree.items():
        os.mkdir(os.path.join(root, name))
        for file, tensor in files.items():
            numpy.save(os.path.join(root, name, f"{file}.npy"), tensor.numpy())
    return root


@helper
def add_decoys(root: str, classes: list[str]) -> None:
    """What is ignored, all of it arrays: beside the classes, with other endings, and not directly in a class."""
    import os

    import numpy

    def save(number: int, *names: str) -> None:
        with open(os.path.join(root, *names), "wb") as file:
            numpy.save(file, numpy.full(3, -2000.0 - number))

    save(0, "beside.npy")
    save(1, "LICENSE")
    for name in classes:
        os.mkdir(os.path.join(root, name, "deeper"))
        for number, other in enumerate(("notes.txt", "a.npy.bak", "UPPER.NPY", "npy"), 2):
            save(number, name, other)
        save(6, name, "deeper", "z.npy")


@helper
def files_of(dataset: Any, count: int) -> list[list[float]]:
    """The numbers of its items, by which `wrong_files` knows the files; of what cannot be read, none."""
    found: list[list[float]] = []
    for index in range(min(count, 100)):
        try:
            found.append(numbers(dataset[index][0]))
        except Exception:
            found.append([])
    return found


@helper
def numbers(tensor: Any) -> list[float]:
    """Its numbers, whatever its shape and dtype are: the check of items looks at those."""
    found: list[float] = torch.as_tensor(tensor).double().flatten().tolist()
    return found


@probe
def describe(student: Any, tree: Any) -> Any:
    root = planted(tree)
    add_decoys(root, [*tree][:1])
    dataset = student.FolderDataset(root)
    length = len(dataset)
    return {
        "files": files_of(dataset, length) if not any(tree.values()) else [],
        "is a Dataset": isinstance(dataset, torch.utils.data.Dataset),
        "classes": dataset.classes,
        "class_to_idx": dataset.class_to_idx,
        "length": length,
    }


@rounds("published", "ones", "large", single=True)
@points(2)
def test_classes(student: Student, draw: Draw) -> None:
    """`classes` are the folders under `root`, sorted, empty ones too; `class_to_idx` numbers them."""
    files = draw.choice("files", ["some", "none"])
    names = draw.names(draw.size("classes", 3, 12))
    tree = drawn_tree(draw, names, most=2) if files == "some" else {name: {} for name in names}
    got = student.run(describe, tree=tree)
    expect(got["is a Dataset"], _("FolderDataset is not a torch.utils.data.Dataset."))
    classes, found = sorted(tree), got["classes"]
    expect(isinstance(found, list | tuple), _("classes is not a list."))
    same = sorted(map(str, found)) == classes
    empty = {name for name in tree if not tree[name]}
    cause: Cause | str = ""
    missing = set(tree) - set(map(str, found))
    if missing and missing <= empty:
        cause = _("Folders without files count too.")
    elif set(map(str, found)) == {*tree, "LICENSE", "beside.npy"}:
        cause = NO_CLASSES
    sentence = _("classes is {found}, expected {wanted}.").format(found=list(found), wanted=classes)
    expect(list(found) == classes, sentence, NOT_SORTED if same else cause)
    numbering = {name: i for i, name in enumerate(classes)}
    found = got["class_to_idx"]
    expect(isinstance(found, dict), _("class_to_idx is not a dict from the names of classes."))
    causes = {FROM_ONE: {name: number + 1 for name, number in numbering.items()}}
    expect(
        set(found) == set(numbering),
        _("class_to_idx is {found}, expected {wanted}.").format(found=found, wanted=numbering),
    )
    expect_close(found, numbering, "class_to_idx", causes=causes)
    if files == "none":
        what = _("len(dataset) where no class holds a file")
        expect_close(
            got["length"],
            0,
            what,
            causes=dict.fromkeys(wrong_files(got["files"], {}), ...)
            | {CLASSES_COUNTED: len(classes)},
        )


# by the number that an array of each holds
DECOYS = ("beside.npy", "LICENSE", "notes.txt", "a.npy.bak", "UPPER.NPY", "npy", "deeper/z.npy")


def wrong_files(found: list[list[float]], tree: Tree) -> list[Cause]:
    """What is among the items and should not, or the reverse."""
    decoys = [name for at, name in enumerate(DECOYS) if [-2000.0 - at] * 3 in found]
    if decoys:
        return [NO_FILES.of(names=", ".join(f"`{name}`" for name in decoys))]
    missing = [
        f"`{name}/{file}.npy`"
        for name, files in tree.items()
        for file, tensor in files.items()
        if tensor.double().flatten().tolist() not in found
    ]
    return [LEFT_OUT.in_case(names=", ".join(missing[:3]))] if missing else []


@probe
def read_tree(student: Any, tree: Any, count: int, by_keyword: bool, as_path: bool) -> Any:
    import os
    from pathlib import Path

    root = planted(tree)
    add_decoys(root, [*tree][:2])
    before = [sorted(names + files) for _, names, files in sorted(os.walk(root))]
    path = Path(root) if as_path else root
    args, kwargs = ([], {"root": path}) if by_keyword else ([path], {})
    dataset = student.FolderDataset(*args, **kwargs)
    if by_keyword or as_path:  # and another one
        student.FolderDataset(planted({"z": {}}))
    if len(dataset) != count:
        return {"length": len(dataset), "files": files_of(dataset, max(len(dataset), count))}
    items = [dataset[i] for i in range(count)]
    after = [sorted(names + files) for _, names, files in sorted(os.walk(root))]
    return {"length": count, "items": items, "untouched": before == after}


@rounds("published", "ones", "more ones", "large", single=True)
@points(2)
def test_items(student: Student, draw: Draw) -> None:
    """An item is (the file's array as a tensor of its dtype, the class index as int)."""
    kinds: Any = ("layer", "layer") if draw.round.is_published else ("folder", "file")
    names = draw.names(int(draw.integers(4, 7, 1).item()), kinds[0])
    tree = drawn_tree(draw, names, kinds[1])
    expected = order_of(tree)
    call = draw.choice("call", CALLS)
    got = student.run(read_tree, tree=tree, count=len(expected), **call)
    what = _("len(dataset), beside other files and folders,")
    found = wrong_files(got.get("files", []), tree)
    if not found and got["length"] < len(expected):
        found = [LENGTH_ALONE]
    others = dict.fromkeys(found, ...)
    expect_close(got["length"], len(expected), what, causes=others if "files" in got else {})
    last = len(tree) - 1
    causes = {
        SWAPPED: [(label, tensor) for tensor, label in expected],
        FROM_ONE: [(tensor, label + 1) for tensor, label in expected],
        SAME_CLASS.of(which="0"): [(tensor, 0) for tensor, _label in expected],
        SAME_CLASS.in_case(which=str(last)): [(tensor, last) for tensor, _label in expected],
        ITEM_NUMBER: [(tensor, at) for at, (tensor, _label) in enumerate(expected)],
    }
    expect_in_order(got["items"], expected)
    expect_kinds(got["items"], expected)
    expect_close(got["items"], expected, "dataset", causes=causes)
    expect(got["untouched"], _("Files or folders were made or removed under root."))
    if draw.round.low > 64:
        expect_many(student, draw)


def expect_kinds(items: Any, expected: list[tuple[Tensor, int]]) -> None:
    """Tells first of a dtype, where there are dimensions: a single number comes in another shape as well then."""
    tensors = [item[0] for item in items if isinstance(item, list | tuple) and len(item) == 2]
    if len(tensors) < len(items) or not all(isinstance(each, Received) for each in tensors):
        return
    for number, (got, (wanted, _label)) in enumerate(zip(tensors, expected, strict=True)):
        dtype = got.tensor.dtype
        if wanted.dtype != dtype and wanted.dim() and got.tensor.shape == wanted.shape:
            sentence = _("{what} has dtype {got}, expected {wanted}.").format(
                what=f"dataset[{number}][0]",
                got=str(dtype).removeprefix("torch."),
                wanted=str(wanted.dtype).removeprefix("torch."),
            )
            same = torch.equal(got.tensor, wanted.to(dtype))
            expect(False, sentence, DTYPE_LOST if same else "")


def expect_in_order(items: Any, expected: list[tuple[Tensor, int]]) -> None:
    """Tells first where the tensors are right, and stand in another order: their shapes differ, too."""
    tensors = [item[0] for item in items if isinstance(item, list | tuple) and len(item) == 2]
    if len(tensors) == len(items) and all(isinstance(each, Received) for each in tensors):
        found = [each.tensor.double().flatten().tolist() for each in tensors]
        wanted = [tensor.double().flatten().tolist() for tensor, _label in expected]
        sentence = _("The items come in another order than that of class, then file name.")
        expect(found == wanted or sorted(found) != sorted(wanted), sentence, NOT_SORTED)


@probe(once="it makes many files")
def read_many(student: Any, tree: Any, count: int, dtypes: list[str]) -> Any:
    """The length of a dataset of many files, and its last items: of dtypes that cannot be sent, so as texts."""
    import os

    import numpy

    folder = os.path.join(planted(tree), "a")
    for number in range(1, count):
        os.link(os.path.join(folder, "0.npy"), os.path.join(folder, f"{number}.npy"))
    for name in dtypes:
        array = tree["a"]["0"].numpy().astype(name)
        numpy.save(os.path.join(folder, f"as {name}.npy"), array)
    dataset = student.FolderDataset(os.path.dirname(folder))
    length = len(dataset)
    items = [dataset[at][0] for at in range(length - len(dtypes), length)]
    found = [[str(item.dtype), *map(int, item.cpu().numpy().real.flatten())] for item in items]
    return {"length": length, "found": found}


def expect_many(student: Student, draw: Draw) -> None:
    """A folder of many files, the last ones of dtypes that NumPy and torch have in common beside `DTYPES`."""
    count, array = int(draw.integers(*MANY, 1).item()), draw.integers(0, 1000, 3)
    tree = {"a": {"0": array}}
    got = student.run(read_many, tree=tree, count=count, dtypes=list(RARE_DTYPES))
    expect_close(got["length"], count + len(RARE_DTYPES), "len(dataset)")
    wanted = [[f"torch.{name}", *array.tolist()] for name in RARE_DTYPES]
    expect_close(got["found"], wanted, _("the dtypes and the numbers of the last items"))


@probe
def index_it(student: Any, tree: Any, indices: list[int], as_path: bool = False) -> Any:
    """The sum of each item's numbers, by which it is known."""
    from pathlib import Path

    root = planted(tree)
    dataset = student.FolderDataset(Path(root) if as_path else root)
    found: list[Any] = []
    for index in indices:
        try:
            found.append(sum(numbers(dataset[index][0])))
        except IndexError:
            found.append("IndexError")
    return found


def in_lower_case(pairs: list[tuple[str, str]], *which: int) -> list[str]:
    """The paths in the order of classes and files, one of them or both without a look at capital letters."""

    def key(pair: tuple[str, str]) -> list[str]:
        return [name.lower() if at in which else name for at, name in enumerate(pair)]

    return ["/".join(pair) for pair in sorted(pairs, key=key)]


@rounds("published", single=True)
@points(1)
def test_order(student: Student, draw: Draw) -> None:
    """Items stand in the order of class, then file name, where `root` is a `Path` too."""
    tree = drawn_knots(draw)
    names = {
        tensor.item(): f"{name}/{file}.npy"
        for name, files in tree.items()
        for file, tensor in files.items()
    }
    indices = list(range(len(names)))
    got = student.run(index_it, tree=tree, indices=indices, as_path=True)
    found = [names.get(number, "no file") for number in got]
    wanted = [names[tensor.item()] for tensor, _ in order_of(tree)]
    cause: Cause | str = NOT_SORTED if sorted(found) == sorted(wanted) else ""
    pairs = [(name, f"{file}.npy") for name, files in tree.items() for file in files]
    if found == sorted(wanted):
        cause = WHOLE_PATHS
    elif any(found == in_lower_case(pairs, *which) for which in ((0,), (1,), (0, 1))):
        cause = NOT_CASE
    expect(
        found == wanted,
        _("The items come from {found}, expected {wanted}.").format(found=found, wanted=wanted),
        cause,
    )


@helper
def arrays_opened() -> list[str]:
    """The names of the arrays that are opened from now on, as Python's own events tell of them."""
    import os
    import sys

    opened: list[str] = []

    def heard(event: str, arguments: Any) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            name = os.fsdecode(arguments[0])
            if name.endswith(".npy"):
                opened.append("/".join(name.split("/")[-2:]))

    sys.addaudithook(heard)
    return opened


@probe(once="what listens stays for as long as the process")
def change_later(student: Any, tree: Any, late: Tensor) -> Any:
    import os

    import numpy

    root = planted(tree)
    opened = arrays_opened()
    dataset = student.FolderDataset(root)
    len(dataset)
    early = [*opened]
    item = numbers(dataset[0][0])
    read = {name.partition("/")[0] for name in opened[len(early) :]}
    # an item may have come by another mistake to other numbers than the file's
    is_a = read == {"a"} if len(read) == 1 else item == numbers(tree["a"]["x"])
    first, second = tree if is_a else reversed(tree)
    # a new file, so that one that is held open from before does not show it
    path = os.path.join(root, second, "x.npy")
    os.remove(path)
    numpy.save(path, late.numpy())
    # whoever reads the other file as well fails
    with open(os.path.join(root, first, "x.npy"), "w") as file:
        file.write("not an array")
    return {"numbers": numbers(dataset[1][0]), "early": early}


@rounds("published", single=True)
@points(2)
def test_is_lazy(student: Student, draw: Draw) -> None:
    """A file is read when its item is asked for, and not before."""
    # which of the two comes first does not matter here
    one, two, late = draw.normal(2).float(), draw.integers(30, 50, 1, 2), draw.integers(60, 99, 2)
    tree: Tree = {"a": {"x": one}, "b": {"x": two}}
    got = student.run(change_later, tree=tree, late=late)
    old = [tensor.flatten().tolist() for files in tree.values() for tensor in files.values()]
    cause = _(
        "Keep the paths in `__init__`, and let `__getitem__` read the one file that is asked for."
    )
    expect(
        got["numbers"] not in old,
        _(
            "A file was read before its item was asked for: it was replaced in between, and "
            "the item is the old one."
        ),
        cause,
    )
    what = _("the numbers of an item whose file was replaced in between")
    expect_close(got["numbers"], late.double().tolist(), what)
    name = ", ".join(got["early"][:1])
    sentence = _("A file was opened before its item was asked for: {name}.").format(name=name)
    expect(not name, sentence, cause)


@probe
def transformed(student: Any, tree: Any, factor: float, in_place: bool, by_position: bool) -> Any:
    import os

    import numpy

    seen: list[bool] = []

    def transform(tensor: Any) -> Any:
        seen.append(isinstance(tensor, torch.Tensor))
        if in_place:
            return tensor.mul_(factor).add_(len(seen))
        return tensor * factor + len(seen)

    root = planted(tree)
    args, kwargs = ([transform], {}) if by_position else ([], {"transform": transform})
    dataset = student.FolderDataset(root, *args, **kwargs)
    before = len(seen) + 0 * len(dataset)
    items = [numbers(dataset[0][0]) for _ in range(2)]
    files = [os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names]
    return {
        "before": before,
        "items": items,
        "seen": seen,
        "file": numpy.load(files[0]).astype(float).tolist(),
    }


@rounds("published", "equal", single=True)
@points(1)
def test_transform(student: Student, draw: Draw) -> None:
    """`transform` gets the tensor when the item is asked for, and its result is the item's tensor."""
    array, [factor] = draw.normal(draw.size("size")).float(), draw.coefficients(1)
    args, _kwargs = draw.passed(transform=True)
    got = student.run(
        transformed,
        tree={draw.name("folder"): {draw.name("file"): array}},
        factor=2 * factor,
        in_place=draw.choice("in_place", [False, True]),
        by_position=bool(args),
    )
    expect(
        got["before"] == 0,
        _("The transform was called when the dataset was made."),
        _("Call it in `__getitem__`."),
    )
    expect(all(got["seen"]), _("The transform got something that is not a tensor."), TENSOR_FIRST)
    calls = len(got["seen"])
    expect(
        calls == 2,
        _("The transform was called {calls} times when an item was asked for twice.").format(
            calls=calls
        ),
    )
    once = array * 2 * factor + 1
    expected = [once.tolist(), (once + 1).tolist()]
    changed = TENSOR_KEPT if got["file"] == array.double().tolist() else FILE_CHANGED
    causes = {
        NOT_TRANSFORMED: [array.tolist()] * 2,
        changed: [once.tolist(), (once * 2 * factor + 2).tolist()],
    }
    what = _("the numbers of an item with a transform")
    expect_close(got["items"], expected, what, rtol=1e-6, causes=causes)


@rounds("published", "equal", single=True)
@points(1)
def test_indices(student: Student, draw: Draw) -> None:
    """Negative indices count from the end; an index outside the range raises IndexError."""
    files = draw.names(draw.size("files", 2, 12), "file")
    full = {file: torch.tensor([number]) for number, file in enumerate(files)}
    trees: list[Tree] = [{draw.name(): full}, {draw.name(): {}}]
    for tree in trees:
        count = len(order_of(tree))
        indices = [*range(-count, count), count, count + 3, -count - 1, -count - 2]
        found = dict(zip(indices, student.run(index_it, tree=tree, indices=indices), strict=True))
        outside = [index for index in indices if not -count <= index < count]
        cause: Cause | str = ""
        if count and all(found[index] == found[index % count] for index in outside):
            cause = explain.AROUND
        elif all(found[index] == "IndexError" for index in outside if index > 0):
            cause = explain.BELOW
        for index, value in found.items():
            where = _("dataset[{index}] of {count} items").format(index=index, count=count)
            if -count <= index < count:
                expect(value != "IndexError", _("{where} raises IndexError.").format(where=where))
                same = value == found[index % count]
                expect(
                    same,
                    _("{where} is another item than dataset[{index}].").format(
                        where=where, index=index % count
                    ),
                )
            else:
                sentence = _("{where} gives an item instead of an IndexError.").format(where=where)
                expect(value == "IndexError", sentence, cause)
        distinct = len({found[index] for index in range(count)})
        expect(distinct == count, _("The same item stands at several indices."))


@probe
def without_classes(student: Any, beside: bool) -> Any:
    root = planted({})
    if beside:
        add_decoys(root, [])  # a file is no class
    try:
        student.FolderDataset(root)
    except FileNotFoundError:
        return "FileNotFoundError"
    except (ValueError, LookupError, AssertionError) as error:  # what says the same in another way
        return type(error).__name__
    return ""


@pytest.mark.parametrize("beside", [False, True], ids=["empty", "a file alone"])
@points(1)
def test_root_without_classes(student: Student, beside: bool) -> None:
    """A root without classes is a FileNotFoundError."""
    got = student.run(without_classes, beside=beside)
    expect(bool(got), _("FolderDataset(root) raises no FileNotFoundError there."))
    sentence = _("FolderDataset(root) raises {kind} there; a FileNotFoundError is asked.")
    expect(got == "FileNotFoundError", sentence.format(kind=got))


HINTS = (
    """Making the dataset lists names and opens nothing. With which list could `len` and an item be
    answered, so that an item costs the reading of one file?""",
    """The classes are `sorted(entry.name for entry in Path(root).iterdir() if entry.is_dir())`. Go through
    them in that order, and put a pair of path and class index into a list for each thing in the folder
    that `is_file()` and whose name ends in `.npy`, sorted by name. A list understands negative indices
    and raises `IndexError` by itself.""",
    """```python
    self.items = [
        (path, index)
        for index, name in enumerate(self.classes)
        for path in sorted((Path(root) / name).iterdir(), key=lambda path: path.name)
        if path.is_file() and path.name.endswith(".npy")
    ]
    ```

    An item is `path, index = self.items[number]`, then `torch.from_numpy(np.load(path))`, then the
    `transform` if there is one. Without classes: `raise FileNotFoundError(…)`.""",
)
COMPARE = """Another right way: `pathlib.Path.iterdir` or `os.scandir`; the order that they give is the disk's, so both
    need sorting.

    torchvision's `DatasetFolder` is this exercise: `find_classes`, a sorted list of samples, a loader for
    each item. It reads late for the same reason: a set of images does not fit into memory."""
