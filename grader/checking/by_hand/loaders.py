"""What loaders are tried with, and what they draw, right and with mistakes that have a name: orders of shuffled passes,
and random numbers in the dataset.

A check compares with the right ones, and hands the others to `expect_close(causes=…)`. All of it is plain data; each
draw comes from a generator of its own, as torch's global one gives it after `manual_seed`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ..outcome import Cause
from ..probes import helper

# batches

ALWAYS_DROPS = Cause("last-batch-dropped", "The last batch is dropped without `drop_last`.")
NEVER_DROPS = Cause("option-ignored", "The batches are those of drop_last=False.")
USED_UP = Cause(
    "used-up", "What was gone through once gives nothing more: each `__iter__` begins anew."
)
COLLATE_IGNORED = Cause("option-ignored", "The batches are those of `default_collate`.")
ONE_BY_ONE = Cause("option-ignored", "The batches are those of batch_size=1.")
ALL_IN_ONE = Cause("option-ignored", "There is a single batch, of all samples.")
READ_AT_ONCE = Cause("read-ahead", "All samples are read before the first batch comes.")
# what `len()` is then
COUNTS = {
    ALWAYS_DROPS: Cause("last-batch-dropped", "The last batch, which is smaller, is not counted."),
    NEVER_DROPS: Cause("option-ignored", "The batch that `drop_last` leaves out is counted."),
    ONE_BY_ONE: Cause("option-ignored", "The samples are counted; their batches are to be."),
}
ONE_PASS = Cause(
    "one-iterator", "The later pass has taken its place: each `__iter__` gives an iterator of its own."
)  # fmt: skip

# samplers

SAMPLER_IGNORED = Cause("option-ignored", "The batches are those without a sampler.")
FIRST_PASS = Cause(
    "stale",
    "The second pass has the order of the first: go through the sampler anew in each pass.",
)
OF_THE_DATASET = Cause(
    "wrong-count", "It goes by the size of the dataset; the sampler says how many there are."
)

# reading ahead

LEFT_OVER = Cause(
    "stale", "What a pass that was left early had read ahead comes in the next one: keep it in that pass alone."
)  # fmt: skip
NOTHING_AHEAD = Cause("read-ahead", "Nothing is read ahead.")
ALL_AHEAD = Cause("read-ahead", "All batches are read before the first one comes.")
ONE_FEWER = Cause("read-ahead", "It is one batch fewer than asked.")
BY_FACTOR = Cause("read-ahead", "`prefetch_factor` batches are read ahead by all workers together.")
BY_WORKERS = Cause("read-ahead", "`num_workers` batches are read ahead, whatever the factor is.")

# orders

NO_BASE_SEED = Cause(
    "base-seed", "The order is drawn at once: a pass begins with the draw of the base seed."
)
ORDER_FIRST = Cause("base-seed", "The order is drawn before the base seed, which comes first.")
BASE_SEED_ONCE = Cause("base-seed", "The base seed is drawn in the first pass alone.")
SAME_ORDER = Cause("stale", "Each pass has the order of the first one.")
GLOBAL_ORDER = Cause(
    "option-ignored", "The order is drawn from the global random state, not from `generator`."
)
NOT_SHUFFLED = Cause("option-ignored", "The samples come in the order of the dataset.")

# workers

LEFT_SEEDED = Cause(
    "state-not-restored",
    "The worker's state is left in the process: `torch.random.fork_rng(devices=[])` puts back what was there, and so "
    "does `torch.set_rng_state`.",
)
SAME_SEED = Cause(
    "same-seed", "All workers begin with the base seed: to it belongs the number of the worker."
)
FROM_ONE = Cause("off-by-one", "The seeds are those of the next worker: they count from 0.")
IN_THE_PROCESS = Cause(
    "no-own-state", "What is drawn comes from the random state of the process, not of the worker."
)
BEGINS_AGAIN = Cause(
    "state-not-kept",
    "Each call begins with the state that was there at the start: it is to go on from call to call.",
)
SEEDS_AGAIN = Cause(
    "state-not-kept",
    "Each call begins with the seed again: the state is to go on from call to call.",
)
INIT_OUTSIDE = Cause(
    "init-outside",
    "`worker_init_fn` draws from the random state of the process, not of the worker.",
)
INIT_LOST = Cause(
    "init-lost", "What `worker_init_fn` draws is drawn again: the state is that of before it."
)
ONE_STATE = Cause("one-state", "The workers have one state together; each has its own.")
TURNED = Cause("off-by-one", "Batch k is read by another worker than k mod `num_workers`.")
SAMPLE_BY_SAMPLE = Cause(
    "wrong-turns", "The samples of a batch are read by the workers in turns; batches are to be."
)
WORKER_OF_NONE = Cause(
    "own-state",
    "With num_workers=0 there is a worker with a state of its own; the process itself is to read.",
)
NEVER_NEW = Cause(
    "stale", "The workers of the first pass read in the later ones, without `persistent_workers`."
)
ALWAYS_NEW = Cause("option-ignored", "Each pass has new workers, although they are persistent.")
SAME_BASE = Cause("stale", "The workers of each pass begin with the base seed of the first.")
BASE_AGAIN = Cause(
    "base-seed", "A base seed is drawn in each pass, although the workers are persistent."
)

# what excludes each other
REFUSED: list[dict[str, Any]] = [
    {"sampler": [0, 1], "shuffle": True},
    {"sampler": [], "shuffle": True},
    {"batch_sampler": [[0, 1]], "batch_size": 2},
    {"batch_sampler": [[0, 1]], "shuffle": True},
    {"batch_sampler": [[0, 1]], "sampler": [0, 1]},
    {"batch_sampler": [[0, 1]], "drop_last": True},
]

OF_ORDERS = (NO_BASE_SEED, ORDER_FIRST, BASE_SEED_ONCE)
OF_WORKERS = (
    SAME_SEED,
    FROM_ONE,
    IN_THE_PROCESS,
    BEGINS_AGAIN,
    SEEDS_AGAIN,
    INIT_OUTSIDE,
    INIT_LOST,
    ONE_STATE,
)
OF_TURNS = (
    *(SAME_SEED, FROM_ONE, TURNED, SAMPLE_BY_SAMPLE, NEVER_NEW, ALWAYS_NEW, SAME_BASE, BASE_AGAIN),
    *(BEGINS_AGAIN, SEEDS_AGAIN, INIT_LOST, ONE_STATE, WORKER_OF_NONE),
)


def seeded(seed: int) -> torch.Generator:
    """A generator that begins with this seed."""
    return torch.Generator().manual_seed(seed)


@helper
def number_of(generator: torch.Generator | None) -> int:
    """A random number; `None` is torch's global generator on the CPU."""
    return int(torch.randint(1 << 30, (), device="cpu", generator=generator).item())


def base_of(generator: torch.Generator) -> int:
    """The base seed, as a `DataLoader` draws it."""
    return int(torch.empty((), dtype=torch.int64).random_(generator=generator).item())


def in_batches(indices: Sequence[Any], size: int, drop_last: bool = False) -> list[list[Any]]:
    """The indices in lists of `size`."""
    batches = [list(indices[at : at + size]) for at in range(0, len(indices), size)]
    return [batch for batch in batches if len(batch) == size or not drop_last]


def dropping(drop_last: bool) -> Cause:
    """The cause of batches that are those of this `drop_last`, which is not asked."""
    return ALWAYS_DROPS if drop_last else NEVER_DROPS


def orders_of(
    n: int, generator: torch.Generator, passes: int, mistake: Cause | None = None
) -> list[list[int]]:
    """The order of each shuffled pass over `n` samples."""
    orders: list[list[int]] = []
    for number in range(passes):
        late = mistake in (NO_BASE_SEED, ORDER_FIRST)
        if not late and not (number and mistake == BASE_SEED_ONCE):
            base_of(generator)
        orders.append(torch.randperm(n, generator=generator).tolist())
        if mistake == ORDER_FIRST:
            base_of(generator)
    return orders


def seed_of(base: int, worker_id: int, mistake: Cause | None = None) -> int:
    """The seed that a worker begins with."""
    if mistake == SAME_SEED:
        return base
    return base + worker_id + (mistake == FROM_ONE)


def worked(
    base: int,
    ids: Sequence[int],
    calls: Sequence[tuple[int, Sequence[int]]],
    seed: int,
    begins: bool,
    mistake: Cause | None = None,
) -> dict[str, Any]:
    """What workers draw: a number in `worker_init_fn`, if it `begins` so, and then one for each sample and each batch.

    Args:
        base: the base seed.
        ids: the numbers of the workers.
        calls: which of them, by its place in `ids`, reads which indices.
        seed: of the process, which draws a number before, between and after all that.

    Returns:
        "begun": number, seed and draw of each worker, "drawn": those of each call, "numbers": those of the process.
    """
    process, states = seeded(seed), []
    begun: list[list[int]] = []
    drawn: list[list[int]] = []
    numbers = [number_of(process)]
    for worker_id in ids:
        start = seed_of(base, worker_id, mistake)
        own = process if mistake == IN_THE_PROCESS else seeded(start)
        if begins and mistake == INIT_OUTSIDE:
            begun.append([worker_id, seed, number_of(process.clone_state())])
        elif begins:
            begun.append([worker_id, start, number_of(own)])
        states.append(seeded(start) if mistake == INIT_LOST else own)
        numbers.append(number_of(process))
    for which, indices in calls:
        own = states[-1 if mistake == ONE_STATE else which]
        if mistake == BEGINS_AGAIN:
            own = own.clone_state()
        elif mistake == SEEDS_AGAIN:
            own = seeded(base + ids[which])
        drawn.append([number_of(own) for _each in range(len(indices) + 1)])
        numbers.append(number_of(process))
    return {"begun": begun, "drawn": drawn, "numbers": numbers}


def read_in_turns(
    n: int, options: dict[str, Any], seeds: Sequence[int], passes: int, mistake: Cause | None = None
) -> list[dict[str, Any]]:
    """What comes in each pass of a loader over `n` samples, each of them an index and a number that is drawn.

    Args:
        options: all of `num_workers`, `batch_size`, `shuffle`, `drop_last` and `persistent_workers`.
        seeds: of the loader's generator, and of the process, which draws a number before and after each batch.

    Returns:
        For each pass "begun" and "numbers" as above, and "batches".
    """
    workers, persistent = options["num_workers"], options["persistent_workers"]
    if mistake in (NEVER_NEW, ALWAYS_NEW):
        persistent = mistake == NEVER_NEW
    generator, process = seeded(seeds[0]), seeded(seeds[1])
    states: list[torch.Generator] = []
    found, base = [], 0
    for number in range(passes):
        is_new = not (states and persistent)
        if (is_new or mistake == BASE_AGAIN) and not (number and mistake == SAME_BASE):
            base = base_of(generator)
        begun = []
        if is_new:
            starts = [seed_of(base, worker_id, mistake) for worker_id in range(workers)]
            states = [seeded(start) for start in starts]
            begun = [[w, start, number_of(states[w])] for w, start in enumerate(starts)]
            if mistake == INIT_LOST:
                states = [seeded(start) for start in starts]
            if not workers:
                states = [seeded(base) if mistake == WORKER_OF_NONE else process]
        order = list(range(n))
        if options["shuffle"]:
            order = torch.randperm(n, generator=generator).tolist()
        numbers, batches = [number_of(process)], []
        for k, indices in enumerate(in_batches(order, options["batch_size"], options["drop_last"])):
            own = states[(k + (mistake == TURNED)) % len(states)]
            if mistake == ONE_STATE:
                own = states[-1]
            elif mistake == BEGINS_AGAIN:
                own = own.clone_state()
            elif mistake == SEEDS_AGAIN:
                own = seeded(base + k % len(states))
            turns = [states[index % len(states)] for index in indices]
            draws = turns if mistake == SAMPLE_BY_SAMPLE else [own] * len(indices)
            pairs = zip(indices, draws, strict=True)
            batches.append([(index, number_of(each)) for index, each in pairs])
            numbers.append(number_of(process))
        found.append({"begun": begun, "batches": batches, "numbers": numbers})
    return found


def ahead_causes(
    read: Callable[[int], list[int]], most: int, workers: int, factor: int
) -> dict[Cause, list[int]]:
    """What mistakes with reading ahead give; `read` says it for so many batches."""
    aheads = {NOTHING_AHEAD: 0, ALL_AHEAD: most, ONE_FEWER: workers * factor - 1}
    aheads |= {BY_FACTOR: factor, BY_WORKERS: workers}
    return {cause: read(number) for cause, number in aheads.items()}


# what is handed over


@helper
def passes_of(thing: Any, passes: int, most: int) -> list[list[Any]]:
    """What comes in each of some passes; no more than `most` of it."""
    from itertools import islice

    return [list(islice(iter(thing), most)) for _unused in range(passes)]


@helper
class Reading:
    """A dataset whose samples are a row and a random number; it notes what is read, and by which kinds of indices."""

    def __init__(self, rows: Any, log: list[int]) -> None:
        self.rows, self.log = rows, log
        self.kinds: set[str] = set()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Any:
        self.log.append(range(len(self.rows))[index])
        self.kinds.add(type(index).__name__)
        return self.rows[index], number_of(None)


@helper
def collated(samples: list[Any]) -> dict[str, Any]:
    rows = torch.stack([samples[at][0] for at in range(len(samples))])
    return {"rows": rows, "numbers": [*(number for _row, number in samples), number_of(None)]}


@helper
def noting(begun: list[list[int]]) -> Any:
    """A `worker_init_fn` that notes what it is given, and what it draws."""

    def begin(worker_id: int) -> None:
        begun.append([worker_id, torch.initial_seed(), number_of(None)])

    return begin


@helper
class Pairs:
    """A dataset of rows and labels; it notes what is read."""

    def __init__(self, rows: Any, labels: Any, log: list[int]) -> None:
        self.rows, self.labels, self.log = rows, labels, log

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Any:
        self.log.append(range(len(self.rows))[index])
        return self.rows[index], self.labels[index]


@helper
def summed(samples: list[Any]) -> dict[str, Any]:
    """Another way to make a batch."""
    total = sum(samples[at][0] for at in range(len(samples)))
    return {"total": total, "labels": [label.item() for _row, label in samples]}


@helper
class Passes:
    """A sampler whose passes differ."""

    def __init__(self, orders: list[Any]) -> None:
        self.orders, self.number = orders, 0

    def __len__(self) -> int:
        return len(self.orders[0])

    def __iter__(self) -> Any:
        self.number += 1
        return iter(self.orders[(self.number - 1) % len(self.orders)])


# mistakes that show


def alike(one: Any, other: Any) -> bool:
    """Whether two structures hold the same."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return type(one) is type(other) and bool(one == other)


def other_than(expected: Any, causes: dict[Cause, Any]) -> dict[Cause, Any]:
    """Those mistakes that show."""
    return {cause: value for cause, value in causes.items() if not alike(value, expected)}
