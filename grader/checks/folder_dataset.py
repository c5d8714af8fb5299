"""A Dataset over a tree of files: classes, order, laziness."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader import Cause, Student, _, expect, expect_close, explain, helper, points, probe

SWAPPED = Cause("swapped", "An item is (tensor, class index), in this order.")
FROM_ONE = Cause("off-by-one", "The classes are numbered from 1; the first one is 0.")
NOT_TRANSFORMED = Cause("option-ignored", "`transform` is not applied.")
FILE_CHANGED = Cause(
    "in-place", "The transform works on the file itself, and changes it for good: copy the array."
)

Tree = dict[str, dict[str, Tensor]]

# made in an order that is not sorted, in either direction; the class without files stands in the middle
TREE: Tree = {
    "dog": {"b": torch.tensor([1.5, 2.0]), "a": torch.tensor([[3.0, 4.0, 5.0]])},
    "ant": {"one": torch.tensor([0.5, 0.25], dtype=torch.float64)},
    "cat": {"x": torch.tensor([7, 200], dtype=torch.uint8), "only": torch.tensor(4)},
    "bat": {},
}
# names as people give them; what has a dot may be a folder, and a file without one is still a file
NAMED: Tree = {
    "v1.0": {"a.b.c": torch.tensor([True, False]), "[1] (copy)": torch.tensor([1.5]).half()},
    "고양이 사진": {"첫째": torch.tensor([3], dtype=torch.int32)},
    ".hidden": {".begins": torch.tensor([[-4]], dtype=torch.int16)},
    "[a-z]*": {"x": torch.tensor([5, -6], dtype=torch.int8)},
}
# what goes wrong if whole paths are sorted as text ("-" and " " come before "/"), or names as numbers or in lower case
KNOTTY: Tree = {
    "cat-2": {"a": torch.tensor([1])},
    "dog": {"x10": torch.tensor([2]), "X3": torch.tensor([3]), "x2": torch.tensor([4])},
    "cat": {"z": torch.tensor([5])},
    "Zoo": {"b": torch.tensor([6])},
    "bee": {"a": torch.tensor([7])},
    "cat 2": {"a": torch.tensor([8])},
}
# which of these comes first does not matter to the checks that use them
PAIR: Tree = {"a": {"x": torch.tensor([1.0, 2.0])}, "b": {"x": torch.tensor([[3, 4]])}}


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
def add_array(*parts: str) -> None:
    """A file that holds an array, whatever its name is, and the folders that lead to it."""
    import os

    import numpy

    os.makedirs(os.path.join(*parts[:-1]), exist_ok=True)
    with open(os.path.join(*parts), "wb") as file:
        numpy.save(file, numpy.ones(3))


@helper
def numbers(tensor: Any) -> list[float]:
    """Its numbers, whatever its shape and dtype are: the check of items looks at those."""
    found: list[float] = torch.as_tensor(tensor).double().flatten().tolist()
    return found


@probe
def describe(student: Any, tree: Any) -> Any:
    root = planted(tree)
    add_array(root, "beside.npy")  # beside the classes
    add_array(root, "LICENSE")
    add_array(root, next(iter(tree)), "deeper", "z.npy")
    dataset = student.FolderDataset(root)
    return {
        "is a Dataset": isinstance(dataset, torch.utils.data.Dataset),
        "classes": dataset.classes,
        "class_to_idx": dataset.class_to_idx,
        "length": len(dataset),
    }


@pytest.mark.parametrize("files", ["some", "none"])
@points(2)
def test_classes(student: Student, files: str) -> None:
    """`classes` are the folders under `root`, sorted, empty ones too; `class_to_idx` numbers them."""
    tree: Tree = TREE if files == "some" else {"bat": {}, "asp": {}}
    got = student.run(describe, tree=tree)
    expect(got["is a Dataset"], _("FolderDataset is not a torch.utils.data.Dataset."))
    classes, found = sorted(tree), got["classes"]
    expect(isinstance(found, list | tuple), _("classes is not a list."))
    same = sorted(map(str, found)) == classes
    cause = "" if "bat" in found else _("Folders without files count too.")
    sentence = _("classes is {found}, expected {wanted}.").format(found=list(found), wanted=classes)
    expect(list(found) == classes, sentence, explain.ORDER if same else cause)
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
        expect_close(got["length"], 0, _("len(dataset) where no class holds a file"))


@probe
def read_tree(student: Any, tree: Any, count: int) -> Any:
    import os

    root = planted(tree)
    add_array(root, "beside.npy")
    for name in tree:
        add_array(root, name, "notes.txt")
        add_array(root, name, "a.npy.bak")
        add_array(root, name, "UPPER.NPY")
        add_array(root, name, "npy")
        add_array(root, name, "deeper", "z.npy")  # not directly in the class
    before = [sorted(names + files) for _, names, files in sorted(os.walk(root))]
    dataset = student.FolderDataset(root)
    if len(dataset) != count:
        return {"length": len(dataset)}
    items = [dataset[i] for i in range(count)]
    after = [sorted(names + files) for _, names, files in sorted(os.walk(root))]
    return {"length": count, "items": items, "untouched": before == after}


@pytest.mark.parametrize("names", ["plain", "with dots, brackets, spaces and Hangul"])
@points(2)
def test_items(student: Student, names: str) -> None:
    """An item is (the file's array as a tensor of its dtype, the class index as int)."""
    tree = TREE if names == "plain" else NAMED
    expected = order_of(tree)
    got = student.run(read_tree, tree=tree, count=len(expected))
    expect_close(got["length"], len(expected), _("len(dataset), beside other files and folders,"))
    causes = {
        SWAPPED: [(label, tensor) for tensor, label in expected],
        FROM_ONE: [(tensor, label + 1) for tensor, label in expected],
    }
    expect_close(got["items"], expected, "dataset", causes=causes)
    expect(got["untouched"], _("Files or folders were made or removed under root."))


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


@points(1)
def test_order(student: Student) -> None:
    """Items stand in the order of class, then file name, where `root` is a `Path` too."""
    names = {
        tensor.item(): f"{name}/{file}.npy"
        for name, files in KNOTTY.items()
        for file, tensor in files.items()
    }
    indices = list(range(len(names)))
    got = student.run(index_it, tree=KNOTTY, indices=indices, as_path=True)
    found = [names.get(number, "no file") for number in got]
    wanted = [names[tensor.item()] for tensor, _ in order_of(KNOTTY)]
    cause = explain.ORDER if sorted(found) == sorted(wanted) else ""
    expect(
        found == wanted,
        _("The items come from {found}, expected {wanted}.").format(found=found, wanted=wanted),
        cause,
    )


@probe
def change_later(student: Any, tree: Any, late: Tensor) -> Any:
    import os

    import numpy

    root = planted(tree)
    dataset = student.FolderDataset(root)
    len(dataset)
    first, second = tree if numbers(dataset[0][0]) == numbers(tree["a"]["x"]) else reversed(tree)
    # a new file, so that one that is held open from before does not show it
    path = os.path.join(root, second, "x.npy")
    os.remove(path)
    numpy.save(path, late.numpy())
    # whoever reads the other file as well fails
    with open(os.path.join(root, first, "x.npy"), "w") as file:
        file.write("not an array")
    return numbers(dataset[1][0])


@points(2)
def test_is_lazy(student: Student) -> None:
    """A file is read when its item is asked for, and not before."""
    got = student.run(change_later, tree=PAIR, late=torch.tensor([[6, 7]]))
    expect(
        got not in ([1.0, 2.0], [3.0, 4.0]),
        _(
            "A file was read before its item was asked for: it was replaced in between, and "
            "the item is the old one."
        ),
        _("Keep the paths in `__init__`, and read in `__getitem__`."),
    )
    expect_close(got, [6.0, 7.0], _("the numbers of an item whose file was replaced in between"))


@probe
def transformed(student: Any, tree: Any, in_place: bool) -> Any:
    seen: list[bool] = []

    def transform(tensor: Any) -> Any:
        seen.append(isinstance(tensor, torch.Tensor))
        return tensor.mul_(2).add_(len(seen)) if in_place else tensor * 2 + len(seen)

    dataset = student.FolderDataset(planted(tree), transform=transform)
    before = len(seen) + 0 * len(dataset)
    items = [numbers(dataset[0][0]) for _ in range(2)]
    return {"before": before, "items": items, "seen": seen}


@pytest.mark.parametrize("in_place", [False, True], ids=["new tensor", "in place"])
@points(1)
def test_transform(student: Student, in_place: bool) -> None:
    """`transform` gets the tensor when the item is asked for, and its result is the item's tensor."""
    got = student.run(transformed, tree={"a": PAIR["a"]}, in_place=in_place)
    expect(
        got["before"] == 0,
        _("The transform was called when the dataset was made."),
        _("Call it in `__getitem__`."),
    )
    expect(all(got["seen"]), _("The transform got something that is not a tensor."))
    calls = len(got["seen"])
    expect(
        calls == 2,
        _("The transform was called {calls} times when an item was asked for twice.").format(
            calls=calls
        ),
    )
    expected = [[3.0, 5.0], [4.0, 6.0]]
    causes = {NOT_TRANSFORMED: [[1.0, 2.0], [1.0, 2.0]], FILE_CHANGED: [[3.0, 5.0], [8.0, 12.0]]}
    what = _("the numbers of an item with a transform")
    expect_close(got["items"], expected, what, causes=causes)


@points(1)
def test_indices(student: Student) -> None:
    """Negative indices count from the end; an index outside the range raises IndexError."""
    trees: list[Tree] = [PAIR, {"empty": {}}]
    for tree in trees:
        count = len(order_of(tree))
        indices = [*range(-count, count), count, count + 3, -count - 1, -count - 2]
        found = dict(zip(indices, student.run(index_it, tree=tree, indices=indices), strict=True))
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
                expect(value == "IndexError", sentence)
        distinct = len({found[index] for index in range(count)})
        expect(distinct == count, _("The same item stands at several indices."))


@probe
def without_classes(student: Any, beside: bool) -> Any:
    root = planted({})
    if beside:
        add_array(root, "a.npy")  # a file is no class
    try:
        student.FolderDataset(root)
    except FileNotFoundError:
        return "FileNotFoundError"
    return "no exception"


@pytest.mark.parametrize("beside", [False, True], ids=["empty", "a file alone"])
@points(1)
def test_root_without_classes(student: Student, beside: bool) -> None:
    """A root without classes is a FileNotFoundError."""
    got = student.run(without_classes, beside=beside)
    expect(got == "FileNotFoundError", _("FolderDataset(root) raises no FileNotFoundError there."))


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
