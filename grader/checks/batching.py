"""What a DataLoader does: collate, shuffle, share the work."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
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
    needs,
    points,
    probe,
)

OTHER_DEFAULT = Cause("wrong-default", "The default of `padding_value` is another one than 0.")
PADDING_IGNORED = Cause("option-ignored", "It is padded with 0, whatever `padding_value` is.")
IN_FRONT = Cause("order", "The padding stands in front; it belongs behind.")
BY_LENGTH = Cause("order", "The sequences are sorted by length; leave them in their order.")
PADDED_LENGTHS = Cause("padded-lengths", "The lengths are those after the padding.")
ELEMENTS = Cause("wrong-count", "The lengths count every element; count the first dimension alone.")
SHUFFLED = Cause("option-ignored", "It shuffles, although `shuffle` is False.")
ALWAYS_DROPS = Cause("last-batch-dropped", "The last batch is dropped without `drop_last`.")
NEVER_DROPS = Cause("option-ignored", "`drop_last` has no effect.")
ONE_BY_ONE = Cause("option-ignored", "`batch_size` has no effect.")


@probe
def collate(student: Any, sequences: list[Tensor], labels: list[Any], padding: Any) -> Any:
    batch = list(zip(sequences, labels, strict=True))
    if padding is None:
        return student.pad_collate(batch)
    return student.pad_collate(batch, padding_value=padding)


def expect_padded(got: Any, sequences: list[Tensor], labels: list[int], padding: float) -> None:
    longest = max(len(sequence) for sequence in sequences)
    padded = sequences[0].new_full((len(sequences), longest, *sequences[0].shape[1:]), padding)
    for row, sequence in enumerate(sequences):
        padded[row, : len(sequence)] = sequence
    there = sequences[0].device
    lengths = torch.tensor([len(sequence) for sequence in sequences], device=there)
    expect(
        isinstance(got, list | tuple) and len(got) == 3, _("pad_collate does not return a triple.")
    )
    names = ("padded", "lengths", "labels")
    expected = dict(zip(names, (padded, lengths, torch.tensor(labels, device=there)), strict=True))
    in_front = torch.full_like(padded, padding)
    for row, sequence in enumerate(sequences):
        in_front[row, longest - len(sequence) :] = sequence
    order = torch.argsort(lengths, descending=True, stable=True)
    mask = torch.arange(longest, device=there) < lengths.unsqueeze(1)
    mask = mask.reshape(*mask.shape, *[1] * (padded.dim() - 2))
    causes = {
        PADDING_IGNORED: {"padded": torch.where(mask, padded, 0)},
        IN_FRONT: {"padded": in_front},
        BY_LENGTH: {name: value[order] for name, value in expected.items()},
        PADDED_LENGTHS: {"lengths": torch.full_like(lengths, longest)},
        ELEMENTS: {"lengths": lengths * sequences[0][0].numel()},
        OTHER_DEFAULT: {"padded": torch.where(mask, padded, -1)},
    }
    found = {
        name: value if name == "padded" else _on_either(value)
        for name, value in zip(names, got, strict=True)
    }
    expect_close(found, expected, _("the batch"), causes=causes)


def _on_either(value: Any) -> Any:
    """A tensor that may be where it should be or on the CPU, as `pack_padded_sequence` wants lengths."""
    on_cpu = isinstance(value, Received) and value.device == "cpu"
    return replace(value, home="cpu") if on_cpu else value


@pytest.mark.parametrize("lengths", [[3, 1, 4], [2, 2], [1]], ids=str)
@points(1)
def test_pad_collate(student: Student, draw: Draw, lengths: list[int]) -> None:
    """`pad_collate` gives (padded, lengths, labels); sequences of shape (L,) are padded to the longest."""
    sequences = [draw.strided(draw.normal(length)) for length in lengths]
    labels = list(range(5, 5 + len(lengths)))
    got = student.run(collate, sequences=sequences, labels=labels, padding=None)
    expect_padded(got, sequences, labels, 0)
    # labels may be 0-dim tensors, of any dtype of integers, and the result is int64 all the same
    tensors = [torch.tensor(label, dtype=torch.int32) for label in labels]
    got = student.run(collate, sequences=sequences, labels=tensors, padding=-1)
    expect_padded(got, sequences, labels, -1)


@points(1)
def test_pad_collate_features(student: Student, draw: Draw) -> None:
    """Sequences of shape (L, features) are padded too, and keep their dtype."""
    for features in (2, 1):
        sequences = [draw.strided(draw.normal(length, features)) for length in (2, 5, 1)]
        got = student.run(collate, sequences=sequences, labels=[1, 0, 1], padding=9)
        expect_padded(got, sequences, [1, 0, 1], 9)
    # the padding value may stand in a sequence too
    tokens = [torch.tensor([4, 0, 0]), torch.tensor([7])]
    got = student.run(collate, sequences=tokens, labels=[2, 3], padding=None)
    expect_padded(got, tokens, [2, 3], 0)


@helper
def stir(seed: int) -> None:
    """Sets every global random state."""
    import random

    import numpy

    torch.manual_seed(seed)
    random.seed(seed)
    numpy.random.seed(seed)


@helper
def epochs_of(loader: Any, epochs: int) -> list[list[list[int]]]:
    """The values of each batch of each epoch."""
    return [[torch.as_tensor(batch).tolist() for batch in loader] for _ in range(epochs)]


@probe(once="it makes one loader after another itself")
def load(student: Any, count: int, runs: list[dict[str, Any]], epochs: int) -> Any:
    loaders = []
    for number, options in enumerate(runs):
        stir(number)
        loaders.append(student.make_loader(list(range(count)), **options))
    found: list[Any] = []
    # all are made before the first is gone through: none may disturb another
    for number, loader in enumerate(loaders):
        stir(100 + number)
        found.append(epochs_of(loader, epochs))
    kinds = {isinstance(loader, torch.utils.data.DataLoader) for loader in loaders}
    return {"epochs": found, "are DataLoaders": kinds == {True}}


def flat(epoch: list[list[int]]) -> list[int]:
    return [value for batch in epoch for value in batch]


@points(1)
def test_loader_batches(student: Student) -> None:
    """`make_loader` gives every item once an epoch, in batches of `batch_size`; `drop_last` drops the rest."""
    runs: list[dict[str, Any]] = [
        {"batch_size": 4, "shuffle": False},
        {"batch_size": 4, "shuffle": False, "drop_last": True},
        {"batch_size": 4},
        {"batch_size": 1, "seed": 3, "drop_last": True},
    ]
    got = student.run(load, count=10, runs=runs, epochs=2)
    expect(got["are DataLoaders"], _("make_loader does not return a torch.utils.data.DataLoader."))
    ordered, dropped, shuffled, single = got["epochs"]
    in_order = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    one_by_one = [[[i] for i in range(10)]] * 2
    batches = {"shuffle=False": ordered, "drop_last=True": dropped}
    causes: dict[Cause, Any] = {
        SHUFFLED: ...,
        ALWAYS_DROPS: {"shuffle=False": [in_order[:2]] * 2},
        NEVER_DROPS: {"drop_last=True": [in_order] * 2},
        ONE_BY_ONE: {"shuffle=False": one_by_one, "drop_last=True": one_by_one},
    }
    expected = {"shuffle=False": [in_order] * 2, "drop_last=True": [in_order[:2]] * 2}
    expect_close(batches, expected, _("the batches"), causes=causes)
    sizes = [[len(batch) for batch in epoch] for epoch in shuffled]
    expect_close(sizes, [[4, 4, 2]] * 2, _("the sizes of the batches"))
    for epochs in (shuffled, single):
        for epoch in epochs:
            everything = sorted(flat(epoch)) == list(range(10))
            expect(everything, _("An epoch of the shuffled loader does not give every item once."))


@points(2)
def test_loader_seed(student: Student) -> None:
    """The order depends on `seed` alone, whatever the global random states are."""
    runs: list[dict[str, Any]] = [
        {"batch_size": 5, "seed": 7},
        {"batch_size": 5, "seed": 7},
        {"batch_size": 5, "seed": 8},
        {"batch_size": 5},
        {"batch_size": 5, "seed": 0},
    ]
    got = student.run(load, count=30, runs=runs, epochs=2)
    first, again, other, default, zero = got["epochs"]
    expect(flat(first[0]) != list(range(30)), _("The loader does not shuffle."))
    sentence = _(
        "Two loaders with the same seed give different orders when the global random states differ."
    )
    cause = _("Give the DataLoader a `torch.Generator` of its own, seeded with `seed`.")
    expect(first == again, sentence, cause)
    expect(default == zero, _("Without a seed the order is not that of seed=0."))
    expect(flat(first[0]) != flat(other[0]), _("Loaders with different seeds give the same order."))


@points(1)
def test_loader_epochs(student: Student) -> None:
    """Each epoch of one loader has an order of its own."""
    got = student.run(load, count=30, runs=[{"batch_size": 5, "seed": 3}], epochs=3)
    orders = [flat(epoch) for epoch in got["epochs"][0]]
    sentence = _("Two epochs of one loader have the same order.")
    expect(orders[0] != orders[1] and orders[1] != orders[2], sentence)


@probe(once="it looks at the generators itself")
def states(student: Any) -> Any:
    import random

    import numpy

    def snapshot() -> list[str]:
        parts = (torch.get_rng_state().tolist(), random.getstate(), numpy.random.get_state())
        return [str(hash(str(part))) for part in parts]

    changed = []
    for shuffle in (True, False):
        stir(5)
        before = snapshot()
        epochs_of(student.make_loader(list(range(10)), 3, shuffle=shuffle, seed=1), 2)
        after = snapshot()
        names = ("torch", "Python", "NumPy")
        pairs = zip(names, before, after, strict=True)
        changed += [name for name, one, other in pairs if one != other]
    return changed


@points(1)
def test_loader_leaves_random_states(student: Student) -> None:
    """Making a loader and going through it leaves the global random states alone."""
    changed = student.run(states)
    names = ", ".join(dict.fromkeys(changed))
    expect(
        not changed,
        _("Another global random state after a loader was made and gone through: {names}.").format(
            names=names
        ),
        _(
            "`manual_seed` sets the global state, and a DataLoader without a `generator` "
            "draws from it."
        ),
    )


@probe
def share(student: Any, values: list[Any], workers: int) -> Any:
    """What the workers of a DataLoader give together, twice. Each has a copy of the dataset and knows its number."""
    import copy

    from torch.utils.data import DataLoader, IterableDataset

    given = copy.deepcopy(values)
    stream = student.ShardedStream(given)
    loader = DataLoader(stream, batch_size=None, collate_fn=lambda one: one, num_workers=workers)
    passes = [list(loader) for _ in range(2)]
    return {
        "is iterable": isinstance(stream, IterableDataset),
        "passes": passes,
        "untouched": given == values,
    }


VALUES: list[list[Any]] = [
    [3, 1, 4, 1, 5, 9, 2, 6, 5, 3],
    ["b", "a", None, "b"],
    [7],
    [],
]


@pytest.mark.parametrize("values", VALUES, ids=len)
@points(2)
def test_sharded_stream(student: Student, values: list[Any]) -> None:
    """A DataLoader over `ShardedStream(values)` yields each value as often as the list, for any `num_workers`."""
    for workers in range(4):
        got = student.run(share, values=values, workers=workers)
        expect(got["is iterable"], _("ShardedStream is not a torch.utils.data.IterableDataset."))
        sentence = _("The list of values was changed; inputs are to be left as they were.")
        expect(got["untouched"], sentence, explain.IN_PLACE)
        first, second = got["passes"]
        _expect_same_values(first, values, workers)
        _expect_same_values(second, values, workers, _(", when it is gone through a second time"))


def _expect_same_values(got: list[Any], values: list[Any], workers: int, when: str = "") -> None:
    """As multisets; what is no plain value is told by its kind."""
    given, wanted = Counter(map(repr, got)), Counter(map(repr, values))
    more, fewer = given - wanted, wanted - given
    sentence = _(
        "With num_workers={workers}{when}, {more} values come too often and {fewer} are missing."
    ).format(workers=workers, when=when, more=more.total(), fewer=fewer.total())
    cause = _("Ask `torch.utils.data.get_worker_info()` and give each worker its own part.")
    expect(not more and not fewer, sentence, cause if workers and more and not fewer else "")


@points(1)
@needs("pad_collate", "pad_collate_features")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """`pad_collate` works on any device: what is padded is where the sequences are."""
    test_pad_collate(elsewhere, draw, [3, 1, 4])
    test_pad_collate_features(elsewhere, draw)


HINTS = (
    """Each of the three has its tool in torch: `torch.nn.utils.rnn` for the padding, a
    `torch.Generator` for the order, `get_worker_info()` for the sharing.""",
    """`pad_sequence` pads a list of sequences, with `batch_first=True` and your `padding_value`. A
    `DataLoader` takes a `generator`: one of your own leaves the global random states alone, and goes on
    from epoch to epoch. In a worker, `get_worker_info()` has `id` and `num_workers`; without workers it
    is `None`.""",
    """The lengths are `torch.tensor([len(s) for s in sequences], dtype=torch.int64, device=…)`, with the
    device of the sequences, and the labels likewise from `int(label)`. The generator is
    `torch.Generator().manual_seed(seed)`, handed on with `shuffle`, `drop_last` and `batch_size`. With
    workers, the share of one is dealt out like cards:

    ```python
    iter(self.values[worker.id :: worker.num_workers])
    ```""",
)
