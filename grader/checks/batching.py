"""What a DataLoader does: collate, shuffle, share the work."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

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
    rounds,
)

PADDED_WITH = Cause("wrong-default", "It is padded with {value}.")
PADDING_IGNORED = Cause("option-ignored", "It is padded with 0, whatever `padding_value` is.")
IN_FRONT = Cause("order", "The padding stands in front; it belongs behind.")
BY_LENGTH = Cause("order", "The sequences are sorted by length; leave them in their order.")
LENGTHS_SORTED = Cause(
    "order", "The lengths come sorted; each belongs to the sequence in its place."
)
OTHER_LENGTH = Cause(
    "fixed-length",
    "It is padded or cut to another length than that of the longest sequence, as to one that is written down.",
)
BATCH_SECOND = Cause(
    "transpose", "The places come first and the sequences second; it is the other way round."
)
CUT_SHORT = Cause("cut-short", "All sequences are cut to the length of the shortest.")
PADDED_LENGTHS = Cause("padded-lengths", "All lengths are that of the longest, as after padding.")
NOT_PADDING = Cause(
    "wrong-count",
    "The lengths count the entries that are not the padding value, which may stand in a sequence, too: take the length "
    "of each sequence.",
)
ELEMENTS = Cause("wrong-count", "The lengths count every element; count the first dimension alone.")
SHUFFLED = Cause("option-ignored", "It shuffles, although `shuffle` is False.")
ALWAYS_DROPS = Cause("last-batch-dropped", "The last batch is dropped without `drop_last`.")
REGULAR = Cause("regular", "The order is a regular one, such as a rotation: draw a permutation.")
DROP_INVERTED = Cause(
    "inverted",
    "`drop_last` does the opposite: the last batch is dropped without it, and kept with it.",
)
NEVER_DROPS = Cause("option-ignored", "The batches are those of drop_last=False.")
GOES_ON = Cause("stale", "It goes on where the pass before was left: each `__iter__` starts anew.")
USED_UP = Cause(
    "used-up", "What was gone through once gives nothing more: each `__iter__` starts anew."
)
OTHER_SIZE = Cause("option-ignored", "The batches are those of batch_size={size}.")
BACKWARDS = Cause("order", "The items come in the reverse order.")
SEED_IGNORED = Cause("option-ignored", "The order is one and the same, whatever `seed` is.")
DRAWN_ONCE = Cause(
    "stale",
    "Every pass has the order of the first: it is drawn once, or each time from the same seed. Draw it in each pass "
    "from a generator that is seeded once and goes on.",
)
ALL_VALUES = Cause(
    "shared",
    "Each worker gives all values: ask `torch.utils.data.get_worker_info()` within `__iter__`, where a worker has its "
    "number, and give each worker its own part.",
)
OVERLAP = Cause(
    "shared", "The parts of the workers overlap: each value belongs to one of them alone."
)
REST_LOST = Cause(
    "rest-lost",
    "All workers have equally many, and the rest goes to nobody: `values[info.id :: info.num_workers]` takes all of "
    "them.",
)
FROM_ONE = Cause(
    "off-by-one",
    "The workers are numbered from 0: with numbers from 1 some values belong to nobody.",
)
QUOTIENT = Cause("wrong-operator", "`//` gives the quotient; the remainder, `%`, deals them out.")
OTHERS = Cause("inverted", "Each worker gives the parts of all others, and not its own.")
AS_LISTS = Cause(
    "kind", "Values come in lists; each is to come by itself, as `yield from` and `iter` give them."
)
DISTINCT = Cause(
    "distinct", "Each value comes once; it is to come as often as it stands in the list."
)

# beside the case's own: what sequences of words and masks have
DTYPES = (torch.int64, torch.float16, torch.int32, torch.uint8, torch.bool)
# how the options of `make_loader` are handed over
CALLS = ("options by keyword", "all by position", "all by keyword")
# what is added to a seed: the order follows from all of its digits
STEPS = (1, 2, 10, 16, 100, 256, 1000, 1 << 20)


@probe
def collate(student: Any, batches: list[Any]) -> Any:
    """What comes of some batches, each with its labels, its options, and whether it is handed over by its name."""
    found: list[Any] = []
    batch: list[Any] = []  # one list, filled anew
    for sequences, labels, args, kwargs, by_name in batches:
        batch[:] = zip(sequences, labels, strict=True)
        if by_name:
            found.append(student.pad_collate(batch=batch, **kwargs))
        else:
            found.append(student.pad_collate(batch, *args, **kwargs))
    return found


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
    as_long = padded
    if isinstance(got[0], Received) and got[0].tensor.dim() == padded.dim():
        size = got[0].tensor.shape[1]
        rest = padded.new_full((len(padded), max(size - longest, 0), *padded.shape[2:]), padding)
        as_long = torch.cat((padded[:, :size], rest), dim=1)
    in_front = torch.full_like(padded, padding)
    for row, sequence in enumerate(sequences):
        in_front[row, longest - len(sequence) :] = sequence
    order = torch.argsort(lengths, descending=True, stable=True)
    mask = torch.arange(longest, device=there) < lengths.unsqueeze(1)
    mask = mask.reshape(*mask.shape, *[1] * (padded.dim() - 2))
    causes = {
        IN_FRONT: {"padded": in_front},
        BATCH_SECOND: {"padded": padded.transpose(0, 1)},
        CUT_SHORT: {"padded": padded[:, : min(map(len, sequences))]},
        LENGTHS_SORTED: {"lengths": lengths.sort(descending=True).values},
        OTHER_LENGTH: {"padded": as_long},
        BY_LENGTH: {name: value[order] for name, value in expected.items()},
        PADDED_LENGTHS: {"lengths": torch.full_like(lengths, longest)},
        NOT_PADDING: {"lengths": (padded != padding).sum(1)},
        ELEMENTS: {"lengths": lengths * sequences[0][0].numel()},
    }
    if isinstance(got[0], Received) and got[0].tensor.shape == padded.shape:
        rest = got[0].tensor[~mask.expand_as(padded).to(got[0].tensor.device)]
        if len(rest) and bool((rest == rest[0]).all()):
            other = torch.where(mask, padded, rest[0].to(padded))
            causes[PADDED_WITH.in_case(value=f"{rest[0].item():g}")] = {"padded": other}
    if padding:
        causes = {PADDING_IGNORED: {"padded": torch.where(mask, padded, 0)}} | causes
    found = {
        name: value if name == "padded" else _on_either(value)
        for name, value in zip(names, got, strict=True)
    }
    fixed = ("lengths", "labels")
    expect_close(found, expected, _("the batch"), causes=causes, fixed_dtype=fixed)


def _on_either(value: Any) -> Any:
    """A tensor that may be where it should be or on the CPU, as `pack_padded_sequence` wants lengths."""
    on_cpu = isinstance(value, Received) and value.device == "cpu"
    return replace(value, home="cpu") if on_cpu else value


def drawn_lengths(draw: Draw) -> list[int]:
    """One length of the round's size, and small ones; the first is not the longest."""
    count, longest = draw.size("B", high=70), draw.size("L")
    lengths: list[int] = draw.integers(1, 6, count).tolist()
    lengths[int(draw.integers(count // 2, count, 1).item())] = longest
    del draw.drawn["L"]  # another may be longer, and another batch has others
    return lengths


def drawn_labels(draw: Draw, count: int, bits: int) -> list[int]:
    """Whole numbers of so many bits, so that floating point holds some of them inexactly."""
    labels: list[int] = draw.integers(0, 1 << bits, count).tolist()
    return [label if at % 3 else label % 10 for at, label in enumerate(labels)]


def expect_batches(student: Student, draw: Draw, batches: list[list[Tensor]]) -> None:
    """Collates each of the batches: with labels that are ints and no `padding_value`, and with tensors and one."""
    [number] = draw.coefficients(1)
    padding = 200 * number
    args, kwargs = draw.passed(padding_value=padding)
    by_name = draw.round.number == 2  # by position in those of an odd number
    asked: list[Any] = []
    wanted: list[Any] = []
    for place, sequences in enumerate(batches):
        labels = drawn_labels(draw, len(sequences), 30 if place % 2 else 62)
        if place % 2:
            tensors = [torch.tensor(label, dtype=torch.int32) for label in labels]
            kept = {"padding_value": padding} if by_name else kwargs
            asked.append((sequences, tensors, args, kept, by_name))
            wanted.append((sequences, labels, padding))
        else:
            asked.append((sequences, labels, [], {}, False))
            wanted.append((sequences, labels, 0.0))
    got = student.run(collate, batches=asked)
    for found, expected in zip(got, wanted, strict=True):
        expect_padded(found, *expected)


@rounds()
@points(1)
def test_pad_collate(student: Student, draw: Draw) -> None:
    """`pad_collate` gives (padded, lengths, labels); sequences of shape (L,) are padded to the longest."""
    scale = draw.magnitude("sequences")
    lengths = drawn_lengths(draw)
    batches = [
        [draw.layout("a sequence", scale * draw.numbers(length)) for length in order]
        for order in (lengths, lengths[::-1], [2, 2])
    ]
    expect_batches(student, draw, batches)


@rounds("published", "ones", "more ones", "large")
@points(1)
def test_pad_collate_features(student: Student, draw: Draw) -> None:
    """Sequences of shape (L, features) are padded too, and keep their dtype."""
    features = draw.size("features")
    few = [2, 5, 1] if draw.round.is_published else draw.integers(1, 9, 3).tolist()
    batches = [
        [draw.layout("a sequence", draw.normal(length, size)) for length in few]
        for size in (features, features, 1)
    ]
    # of another dtype, and with the padding value in a sequence too
    dtype = draw.choice("dtype", DTYPES)
    tokens = [draw.integers(0, 3, length).to(dtype) for length in (3, 1, 2)]
    expect_batches(student, draw, [*batches, [draw.integers(0, 3, 2), draw.integers(0, 2, 1)]])
    got = student.run(collate, batches=[(tokens, [2, 3, 4], [], {}, False)])
    expect_padded(got[0], tokens, [2, 3, 4], 0)


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


@helper
class Numbers:
    """A map-style dataset: the numbers from 0 on."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> int:
        return range(self.count)[index]


@helper
def loader_of(student: Any, dataset: Any, call: str, options: dict[str, Any]) -> Any:
    if call == "options by keyword":
        return student.make_loader(dataset, **options)
    if call == "all by keyword":
        return student.make_loader(dataset=dataset, **options)
    every = {"batch_size": 1, "shuffle": True, "seed": 0, "drop_last": False, **options}
    return student.make_loader(dataset, *every.values())


@probe(once="it makes one loader after another itself")
def load(
    student: Any,
    count: int,
    runs: list[dict[str, Any]],
    epochs: list[int],
    call: str,
    is_list: bool,
) -> Any:
    dataset: Any = list(range(count)) if is_list else Numbers(count)
    loaders, recording = [], False
    for number, options in enumerate(runs):
        stir(number)
        with torch.no_grad():
            loaders.append(loader_of(student, dataset, call, options))
            recording |= torch.is_grad_enabled()
    found: list[Any] = []
    # all are made before the first is gone through: none may disturb another
    for number, loader in enumerate(loaders):
        stir(100 + number)
        found.append(epochs_of(loader, epochs[number]))
    kinds = {isinstance(loader, torch.utils.data.DataLoader) for loader in loaders}
    return {"epochs": found, "are DataLoaders": kinds == {True}, "recording": recording}


def loaded(
    student: Student, draw: Draw, count: int, runs: list[dict[str, Any]], epochs: list[int]
) -> Any:
    """What loaders of one dataset give, epoch by epoch."""
    call = draw.choice("call", CALLS)
    is_list = draw.choice("dataset", {"a list": True, "a Dataset": False})
    return student.run(load, count=count, runs=runs, epochs=epochs, call=call, is_list=is_list)


def flat(epoch: list[list[int]]) -> list[int]:
    return [value for batch in epoch for value in batch]


@rounds("published", "ones", "more ones", "large", single=True)
@points(1)
def test_loader_batches(student: Student, draw: Draw) -> None:
    """`make_loader` gives every item once an epoch, in batches of `batch_size`; `drop_last` drops the rest."""
    size, full = draw.size("batch_size", high=7), draw.count("full_batches", 2, 34)
    count = size * full + size // 2
    draw.drawn["items"] = f"len(dataset) = {count}"
    runs: list[dict[str, Any]] = [
        {"batch_size": size, "shuffle": False},
        {"batch_size": size, "shuffle": False, "drop_last": True},
        {"batch_size": size},
        {"batch_size": 1, "seed": 3, "drop_last": True},
    ]
    got = loaded(student, draw, count, runs, [1, 1, 2, 1])
    expect(got["are DataLoaders"], _("make_loader does not return a torch.utils.data.DataLoader."))
    expect(
        not got["recording"],
        _("After make_loader gradients are recorded; before it they were not."),
    )
    ordered, dropped, shuffled, single = got["epochs"]
    in_order = [list(range(count))[at : at + size] for at in range(0, count, size)]
    first = len(ordered[0][0]) if ordered and ordered[0] else 1
    others = [list(range(count))[at : at + first] for at in range(0, count, first)]
    whole_ones = [batch for batch in others if len(batch) == first]
    batches = {"shuffle=False": ordered, "drop_last=True": dropped}
    drawn = [sorted(flat(epoch)) for epoch in (*ordered, *dropped)]
    whole = drawn[:1] == [list(range(count))] and len(set(map(tuple, drawn))) <= 2
    backwards = [list(range(count))[::-1][at : at + size] for at in range(0, count, size)]
    causes: dict[Cause, Any] = {
        BACKWARDS: {"shuffle=False": [backwards], "drop_last=True": [backwards[:full]]},
        **({SHUFFLED: ...} if whole and ordered != [backwards] else {}),
        ALWAYS_DROPS: {"shuffle=False": [in_order[:full]]},
        NEVER_DROPS: {"drop_last=True": [in_order]},
        # after those that explain one of the two alone
        DROP_INVERTED: {"shuffle=False": [in_order[:full]], "drop_last=True": [in_order]},
        OTHER_SIZE.in_case(size=str(first)): {
            "shuffle=False": [others],
            "drop_last=True": [whole_ones],
        },
    }
    expected = {"shuffle=False": [in_order], "drop_last=True": [in_order[:full]]}
    expect_close(batches, expected, _("the batches"), causes=causes)
    sizes = [[len(batch) for batch in epoch] for epoch in shuffled]
    expect_close(sizes, [[len(batch) for batch in in_order]] * 2, _("the sizes of the batches"))
    for epochs in (shuffled, single):
        for epoch in epochs:
            everything = sorted(flat(epoch)) == list(range(count))
            expect(everything, _("An epoch of the shuffled loader does not give every item once."))


@rounds("published", "ones", single=True)
@points(2)
def test_loader_seed(student: Student, draw: Draw) -> None:
    """The order depends on `seed` alone, whatever the global random states are."""
    count, size, seed = (
        int(draw.integers(*ends, 1).item()) for ends in ((25, 40), (4, 9), (1, 99))
    )
    draw.drawn["seed"] = f"seed = {seed}"
    seeds = [seed, *(seed + step for step in STEPS), 0, 3, 4, 5]
    runs: list[dict[str, Any]] = [
        {"batch_size": size, "seed": seed},
        {"batch_size": size},
        *({"batch_size": size, "seed": each} for each in seeds),
    ]
    got = loaded(student, draw, count, runs, [2, 1, 2, *[1] * len(seeds)])
    first, default, again, *others = got["epochs"]
    expect(flat(first[0]) != list(range(count)), _("The loader does not shuffle."))
    sentence = _(
        "Two loaders with the same seed give different orders; in between, others were made and the global random "
        "states were set."
    )
    cause = _(
        "Draw the order from a `torch.Generator` that this loader alone has, seeded with `seed`; a sampler of your own "
        "takes it as well as the DataLoader."
    )
    expect(first == again, sentence, cause)
    orders = {each: flat(epochs[0]) for each, epochs in zip(seeds[1:], others, strict=True)}
    orders[seed] = flat(first[0])
    expect(flat(default[0]) == orders[0], _("Without a seed the order is not that of seed=0."))
    distinct = len(set(map(tuple, orders.values())))
    sentence = _("Loaders with different seeds give the same order.")
    expect(distinct == len(orders), sentence, SEED_IGNORED if distinct == 1 else "")
    expect_shuffled([*orders.values()])


def expect_shuffled(orders: list[list[int]]) -> None:
    """Every place has another item in some order, and no order goes on by the same step again and again."""
    moved = all(len(set(place)) > 1 for place in zip(*orders, strict=True))
    expect(moved, _("The loader shuffles a part of the items only."))
    for order in orders:
        steps = Counter((after - before) % len(order) for before, after in pairwise(order))
        expect(max(steps.values()) < len(order) / 2, _("The loader does not shuffle."), REGULAR)


@rounds("published", "equal", single=True)
@points(1)
def test_loader_epochs(student: Student, draw: Draw) -> None:
    """Each epoch of one loader has an order of its own."""
    seed = int(draw.integers(0, 99, 1).item())
    epochs = draw.count("epochs", *((2, 12) if draw.round.is_published else (130, 140)))
    runs: list[dict[str, Any]] = [{"batch_size": 5, "seed": seed}]
    got = loaded(student, draw, 30, runs, [epochs])
    orders = {tuple(flat(epoch)) for epoch in got["epochs"][0]}
    sentence = _("Two epochs of one loader have the same order.")
    once = len(orders) == 1 and orders != {tuple(range(30))}
    expect(len(orders) == epochs, sentence, DRAWN_ONCE if once else "")


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
            "`torch.manual_seed` sets the global state, and what has no `generator` draws from it: a DataLoader, a "
            "sampler, `torch.randperm`."
        )
        if "torch" in changed
        else _(
            "What `random` and `numpy.random` draw changes global states, and so does their `seed`."
        ),
    )


@probe
def share(student: Any, values: list[Any], workers: list[int], by_keyword: bool) -> Any:
    """What the workers of a DataLoader give together, twice. Each has a copy of the dataset and knows its number."""
    import copy

    from torch.utils.data import DataLoader, IterableDataset

    given = copy.deepcopy(values)
    stream = student.ShardedStream(values=given) if by_keyword else student.ShardedStream(given)
    student.ShardedStream([*values, 1])  # another one
    passes = []
    for number in workers:
        loader: Any = DataLoader(
            stream, batch_size=None, collate_fn=lambda one: one, num_workers=number
        )
        passes.append([list(loader) for _ in range(2 if number in (0, 2) else 1)])
    loader = DataLoader(stream, batch_size=None, collate_fn=lambda one: one)
    next(iter(loader), None)  # as whoever leaves the loop at the first value
    return {
        "is iterable": isinstance(stream, IterableDataset),
        "passes": passes,
        "after a break": list(loader),
        "untouched": given == values,
    }


def drawn_values(draw: Draw, kind: str) -> list[Any]:
    """Values of which some come twice; anything may be one."""
    if kind == "a few":
        return [*draw.integers(0, 9, 6).tolist(), *draw.integers(0, 3, 4).tolist()]
    if kind == "many":
        return draw.integers(0, 99, int(draw.integers(33, 50, 1).item())).tolist()
    several: list[Any] = [*draw.names(2), None, *draw.coefficients(2), [1, [2]], True]
    # what comes twice stands first, so that a rest that is lost is another thing than doubles that are
    return [*several[:3], *several] if kind == "of several kinds" else several[:1]


# round by round
VALUES = ("a few", "one", "of several kinds", "none", "many")


@rounds("published", "more ones", "equal", "large", single=True)
@points(2)
def test_sharded_stream(student: Student, draw: Draw) -> None:
    """A DataLoader over `ShardedStream(values)` yields each value as often as the list, for any `num_workers`."""
    kind = VALUES[draw.round.number]
    draw.drawn["values"] = f"values = {kind}"
    values = [] if kind == "none" else drawn_values(draw, kind)
    workers = [0, 2, 3 if draw.round.is_published else int(draw.integers(5, 10, 1).item())]
    by_keyword = draw.choice("by_keyword", [False, True])
    got = student.run(share, values=values, workers=workers, by_keyword=by_keyword)
    expect(got["is iterable"], _("ShardedStream is not a torch.utils.data.IterableDataset."))
    sentence = _("The list of values was changed; inputs are to be left as they were.")
    expect(got["untouched"], sentence, explain.IN_PLACE)
    again = _(", when it is gone through a second time")
    firsts = {number: each[0] for number, each in zip(workers, got["passes"], strict=True)}
    cause = _cause_of_share(values, firsts)
    for number, passes in zip(workers, got["passes"], strict=True):
        for found, when in zip(passes, ("", again), strict=False):
            _expect_same_values(found, values, number, when, "" if when else cause)
    after = _(", when the pass before was left after one value")
    _expect_same_values(got["after a break"], values, 0, after, GOES_ON)


def _expect_same_values(
    got: list[Any], values: list[Any], workers: int, when: str, otherwise: Cause | str = ""
) -> None:
    """As multisets; what is no plain value is told by its kind."""
    given, wanted = Counter(map(repr, got)), Counter(map(repr, values))
    more, fewer = given - wanted, wanted - given
    sentence = _(
        "With num_workers={workers}{when}, {more} values come too often and {fewer} are missing."
    ).format(workers=workers, when=when, more=more.total(), fewer=fewer.total())
    cause = USED_UP if not got and when and not otherwise else otherwise
    if given == Counter(dict.fromkeys(wanted, 1)):
        cause = DISTINCT
    parts = [value for part in got if isinstance(part, list) for value in part]
    if Counter(map(repr, parts)) == wanted:
        cause = AS_LISTS
    expect(not more and not fewer, sentence, cause)


def _cause_of_share(values: list[Any], passes: dict[int, list[Any]]) -> Cause | str:
    """The mistake in how workers share the values, if it explains what came with each number of them."""
    wanted = Counter(map(repr, values))
    given = {number: Counter(map(repr, found)) for number, found in passes.items()}
    tables = [_shares(values, number or 1) for number in passes]
    for column in zip(*tables, strict=True):
        counts = {
            number: Counter(map(repr, share))
            for number, (_cause, share) in zip(passes, column, strict=True)
        }
        fits = all(given[number] in (wanted, counts[number]) for number in passes)
        if fits and any(given[number] == counts[number] != wanted for number in passes if number):
            cause: Cause = column[0][0]
            return cause
    wrong = next((number for number in passes if given[number] != wanted), 0)
    return OVERLAP if wrong and given[wrong] > wanted else ""


def _shares(values: list[Any], workers: int) -> list[tuple[Cause, list[Any]]]:
    """What mistakes would have given: all workers' values, one worker's after another's."""
    per = len(values) // workers
    dealt = [(number % workers, value) for number, value in enumerate(values)]
    late = [values[size : size * (workers + 1)] for size in (per, -(-len(values) // workers))]
    late.append([value for one in range(workers) for value in values[one + 1 :: workers]])
    late.append([value for number, value in dealt if number])
    others = [value for one in range(workers) for number, value in dealt if number != one]
    return [
        (ALL_VALUES, values * workers),
        (REST_LOST, values[: per * workers]),
        *((FROM_ONE, share) for share in late),
        (QUOTIENT, values[: workers * workers]),
        (OTHERS, others),
    ]


@points(1)
@needs("pad_collate", "pad_collate_features")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """`pad_collate` works on any device: what is padded is where the sequences are."""
    test_pad_collate(elsewhere, draw)
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
COMPARE = """Another right way: `torch.nn.utils.rnn.pad_sequence(sequences, batch_first=True)` for the padding, and
    `itertools.islice(values, worker.id, None, worker.num_workers)` for the share of a worker.

    A `DataLoader` with a generator draws its order, and one seed for its workers, from it at the start of
    each epoch: therefore each epoch has another order, and the same seed gives the same epochs."""
