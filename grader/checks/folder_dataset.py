"""A Dataset over a tree of files: classes, order, laziness."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader import Student, expect, expect_close, helper, points, probe

Tree = dict[str, dict[str, Tensor]]

# made in an order that is not sorted, in either direction
TREE: Tree = {
    "dog": {"b": torch.tensor([1.5, 2.0]), "a": torch.tensor([[3.0, 4.0, 5.0]])},
    "cat": {"x": torch.tensor([7, 200], dtype=torch.uint8), "only": torch.tensor(4)},
    "owl": {},
    "ant": {"one": torch.tensor([0.5, 0.25], dtype=torch.float64)},
}
# what goes wrong if whole paths are sorted as text ("-" and " " come before "/"), or names as numbers or in lower case
KNOTTY: Tree = {
    "cat-2": {"a": torch.tensor([1])},
    "dog": {"x10": torch.tensor([2]), "X3": torch.tensor([3]), "x2": torch.tensor([4])},
    "cat": {"z": torch.tensor([5])},
    "Ant": {"b": torch.tensor([6])},
    "bee": {"a": torch.tensor([7])},
    "cat 2": {"a": torch.tensor([8])},
}
PAIR: Tree = {"a": {"x": torch.tensor([1.0, 2.0])}, "b": {"y": torch.tensor([[3, 4]])}}


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
    import os
    import tempfile

    import numpy

    root = tempfile.mkdtemp(dir=".")
    for name, files in tree.items():
        os.mkdir(os.path.join(root, name))
        for file, tensor in files.items():
            numpy.save(os.path.join(root, name, f"{file}.npy"), tensor.numpy())
    return root


@helper
def fill(*parts: str) -> None:
    """A file at this path that is no array."""
    import os

    os.makedirs(os.path.join(*parts[:-1]), exist_ok=True)
    with open(os.path.join(*parts), "w") as file:
        file.write("not an array")


@probe
def describe(student: Any, tree: Any) -> Any:
    root = planted(tree)
    fill(root, "beside.npy")  # beside the classes
    fill(root, next(iter(tree)), "deeper", "z.npy")
    dataset = student.FolderDataset(root)
    return {
        "is a Dataset": isinstance(dataset, torch.utils.data.Dataset),
        "classes": dataset.classes,
        "class_to_idx": dataset.class_to_idx,
        "length": len(dataset),
    }


# the second holds classes, but not a single file
@pytest.mark.parametrize("tree", [TREE, {"owl": {}, "elk": {}}], ids=["animals", "no file"])
@points(2)
def test_classes(student: Student, tree: Tree) -> None:
    """`classes` are the folders under `root`, sorted, empty ones too; `class_to_idx` numbers them."""
    got = student.run(describe, tree=tree)
    expect(got["is a Dataset"], "FolderDataset is not a torch.utils.data.Dataset.")
    classes = sorted(tree)
    found = got["classes"]
    expect(
        found == classes or found == tuple(classes),
        f"classes is {found}, expected {classes}.",
        "Folders without files count too."
        if isinstance(found, list | tuple) and "owl" not in found
        else "",
    )
    numbers = {name: i for i, name in enumerate(classes)}
    expect_close(got["class_to_idx"], numbers, "class_to_idx")
    expect(len(got["class_to_idx"]) == len(numbers), "class_to_idx has further entries.")
    if not any(tree.values()):
        expect_close(got["length"], 0, "len(dataset) where no class holds a file")


@probe
def read_tree(student: Any, tree: Any) -> Any:
    import os

    root = planted(tree)
    fill(root, "beside.npy")
    for name in tree:
        fill(root, name, "notes.txt")
        fill(root, name, "a.npy.bak")
        fill(root, name, "deeper", "z.npy")  # not directly in the class
        fill(root, name, "folder.npy", "z.npy")  # a folder with the name of an array
    before = [sorted(names + files) for _, names, files in sorted(os.walk(root))]
    dataset = student.FolderDataset(root)
    length = len(dataset)
    items = [dataset[i] for i in range(length)]
    after = [sorted(names + files) for _, names, files in sorted(os.walk(root))]
    return {"length": length, "items": items, "untouched": before == after}


@points(2)
def test_items(student: Student) -> None:
    """An item is (the file's array as a tensor of its dtype, the class index as int)."""
    got = student.run(read_tree, tree=TREE)
    expected = order_of(TREE)
    expect_close(got["length"], len(expected), "len(dataset), beside other files and folders,")
    for i, item in enumerate(expected):
        expect_close(got["items"][i], item, f"dataset[{i}]")
    expect(got["untouched"], "Files or folders were made or removed under root.")


@probe
def index_it(student: Any, tree: Any, indices: list[int]) -> Any:
    """The sum of each item's numbers, by which it is known."""
    dataset = student.FolderDataset(planted(tree))
    found: list[Any] = []
    for index in indices:
        try:
            found.append(torch.as_tensor(dataset[index][0]).double().sum().item())
        except IndexError:
            found.append("IndexError")
    return found


@points(1)
def test_order(student: Student) -> None:
    """Items stand in the order of class, then file name."""
    names = {
        tensor.item(): f"{name}/{file}.npy"
        for name, files in KNOTTY.items()
        for file, tensor in files.items()
    }
    got = student.run(index_it, tree=KNOTTY, indices=list(range(len(names))))
    found = [names.get(number, "no file") for number in got]
    wanted = [names[tensor.item()] for tensor, _ in order_of(KNOTTY)]
    expect(found == wanted, f"The items come from {found}, expected {wanted}.")


@probe
def change_later(student: Any, tree: Any, late: Tensor) -> Any:
    import os

    import numpy

    root = planted(tree)
    dataset = student.FolderDataset(root)
    len(dataset)
    # a new file, so that one that is held open from before does not show it
    path = os.path.join(root, "b", "y.npy")
    os.remove(path)
    numpy.save(path, late.numpy())
    fill(root, "a", "x.npy")  # whoever reads this one for the other's sake fails
    return dataset[1][0]


@points(2)
def test_is_lazy(student: Student) -> None:
    """A file is read when its item is asked for, and not before."""
    late = torch.tensor([[6, 7]])
    got = student.run(change_later, tree=PAIR, late=late)
    old = PAIR["b"]["y"]
    expect(
        not (hasattr(got, "tensor") and torch.equal(got.tensor, old)),
        "A file was read before its item was asked for: it was replaced in between, and the item "
        "is the old one.",
        "Keep the paths in `__init__`, and read in `__getitem__`.",
    )
    expect_close(
        got, late, "the tensor of an item whose file was replaced after the dataset was made"
    )


@probe
def transformed(student: Any, tree: Any) -> Any:
    seen: list[bool] = []

    def transform(tensor: Any) -> Any:
        seen.append(isinstance(tensor, torch.Tensor))
        return tensor * 2 + len(seen)

    dataset = student.FolderDataset(planted(tree), transform=transform)
    before = len(seen) + 0 * len(dataset)
    items = [dataset[1], dataset[1], dataset[0]]
    return {"before": before, "tensors": [item[0] for item in items], "seen": seen}


@points(1)
def test_transform(student: Student) -> None:
    """`transform` gets the tensor when the item is asked for, and its result is the item's tensor."""
    got = student.run(transformed, tree=PAIR)
    expect(
        got["before"] == 0,
        "The transform was called when the dataset was made.",
        "Call it in `__getitem__`.",
    )
    expect(all(got["seen"]), "The transform got something that is not a tensor.")
    calls = len(got["seen"])
    expect(calls == 3, f"The transform was called {calls} times for three items.")
    first, second = PAIR["a"]["x"], PAIR["b"]["y"]
    expected = [second * 2 + 1, second * 2 + 2, first * 2 + 3]
    expect_close(got["tensors"], expected, "tensors of items with a transform")


@points(1)
def test_indices(student: Student) -> None:
    """Negative indices count from the end; an index outside the range raises IndexError."""
    trees: list[Tree] = [PAIR, {"empty": {}}]
    for tree in trees:
        sums = [tensor.double().sum().item() for tensor, _ in order_of(tree)]
        count = len(sums)
        indices = [*range(-count, count), count, count + 3, -count - 1, -count - 2]
        got = student.run(index_it, tree=tree, indices=indices)
        for found, index in zip(got, indices, strict=True):
            where = f"dataset[{index}] of {count} items"
            if -count <= index < count:
                expect(found != "IndexError", f"{where} raises IndexError.")
                expect(found == sums[index], f"{where} is not item {index % count}.")
            else:
                expect(found == "IndexError", f"{where} gives an item instead of an IndexError.")


@probe
def without_classes(student: Any, beside: bool) -> Any:
    root = planted({})
    if beside:
        fill(root, "a.npy")  # a file is no class
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
    expect(got == "FileNotFoundError", "FolderDataset(root) raises no FileNotFoundError there.")
