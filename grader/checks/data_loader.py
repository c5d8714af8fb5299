"""The DataLoader from inside: weights, samplers, workers and the loader itself, against what torch draws."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from grader import (
    Cause,
    Draw,
    Received,
    Student,
    _,
    called,
    expect,
    expect_close,
    follows,
    loaders,
    needs,
    points,
    probe,
    rounds,
    samplers,
)

FORBIDDEN = {"from scratch": {"names": [
    "torch.utils.data.dataloader.DataLoader", "torch.utils.data.distributed.DistributedSampler",
    "torch.utils.data.sampler.SequentialSampler", "torch.utils.data.sampler.RandomSampler",
    "torch.utils.data.sampler.SubsetRandomSampler", "torch.utils.data.sampler.WeightedRandomSampler",
    "torch.utils.data.sampler.BatchSampler",
]}}  # fmt: skip

# what probes use needs names of its own
number_of, in_batches, seeded = loaders.number_of, loaders.in_batches, loaders.seeded
passes_of, other_than, noting = loaders.passes_of, loaders.other_than, loaders.noting
Reading, Pairs, Passes = loaders.Reading, loaders.Pairs, loaders.Passes
collated, summed = loaders.collated, loaders.summed
expect_length, expect_ints = samplers.expect_length, samplers.expect_ints
passes_at_once = samplers.passes_at_once
Causes = dict[Cause, Any]


def told(options: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in options.items())


# weights of classes


@probe
def weigh(student: Any, labels: Tensor, by_default: bool) -> Any:
    first = called(student.balanced_weights, by_default, labels)
    others = [student.balanced_weights(labels=part) for part in (labels[1:], labels[:1])]
    return [first, *others]


def expect_weights(student: Student, draw: Draw, by_default: bool = False) -> None:
    n = draw.size("n", low=4)
    classes = min(n - 1, draw.size("classes", high=20))
    draw.drawn["classes"] = f"classes = {classes}"
    labels = draw.integers(0, classes, n)
    labels[: n // 2] = classes - 1
    if classes > 2 and not draw.round.is_published:
        labels[labels == 1] = 2  # one that does not occur
    labels = draw.layout("labels", labels)
    got = student.run(weigh, labels=labels, by_default=by_default)
    for found, given in zip(got, (labels, labels[1:], labels[:1]), strict=True):
        right = 1 / torch.bincount(given).double()[given]
        mistakes = samplers.weight_causes(given)
        dtype = found.tensor.dtype if isinstance(found, Received) else torch.float32
        sentence = _("The weights are of dtype {dtype}, expected a floating one.")
        expect(dtype.is_floating_point, sentence.format(dtype=dtype))
        causes: Causes = {cause: value.to(dtype) for cause, value in mistakes.items()}
        if isinstance(found, Received) and found.tensor.shape == (int(given.max()) + 1,):
            causes = {samplers.OF_CLASSES: ...}  # of those that do not occur anything may come
        rtol = None if dtype.itemsize < 4 else 2e-5
        expect_close(found, right.to(dtype), "balanced_weights(labels)", causes=causes, rtol=rtol)


@rounds(single=True)
@points(1)
def test_balanced_weights(student: Student, draw: Draw) -> None:
    """`balanced_weights(labels)` is 1 / the size of its class for each sample."""
    expect_weights(student, draw)


# drawing by weights


@probe
def drawn_by_weights(
    student: Any, weights: Tensor, number: int, seed: int, as_list: bool, by_keyword: bool
) -> dict[str, Any]:
    given: Any = weights.tolist() if as_list else weights
    generators = [torch.Generator().manual_seed(seed) for _unused in range(3)]
    torch.rand(999, generator=generators[2])  # the same seed, and another state
    torch.manual_seed(0)
    found: dict[str, Any] = {"passes": [], "kinds": [], "lengths": [], "numbers": [number_of(None)]}
    samplers = []
    for generator in generators:
        named = {"weights": given, "num_samples": number, "generator": generator}
        args = [] if by_keyword else named.values()
        samplers.append(student.WeightedSampler(*args, **(named if by_keyword else {})))
    few = student.WeightedSampler(given, 1, torch.Generator().manual_seed(3))
    flat = student.WeightedSampler([1.0] * 30, 30, torch.Generator().manual_seed(seed))
    for at, sampler in enumerate(samplers):
        passes = passes_of(sampler, 1 if at else 2, number + 1)
        found["kinds"] += {type(index).__name__ for drawn in passes for index in drawn}
        found["passes"] += [[int(index) for index in drawn] for drawn in passes]
        found["lengths"].append(len(sampler))
        found["numbers"].append(number_of(None))
    found["few"] = [len(drawn) for drawn in passes_of(few, 1, 2)]
    passes = passes_at_once(flat, 31)
    found["whole"] = [len(drawn) for drawn in passes]
    found["flat"] = [len({int(index) for index in drawn}) for drawn in passes]
    return found


SIZES = {"1": 1.0, "1e-6": 2.0**-20, "1e6": 2.0**20}


@rounds("published", "ones", "equal", "large", single=True)
@points(1)
def test_weighted_sampler(student: Student, draw: Draw) -> None:
    """`WeightedSampler` draws each index by its weight, with replacement, from its generator alone."""
    n = draw.size("n", low=8, high=40)  # with 4, all passes have equal counts once in 300 by chance
    weights = draw.uniform(1, 8, n)
    weights[draw.integers(0, n, n // 4 + 1)] = 0
    weights[draw.integers(0, n // 2, 1)] = 4.0 * n
    weights *= draw.choice("|weights|", SIZES)
    as_list = draw.choice("weights", {"a tensor": False, "a list": True})
    by_keyword = draw.choice("by_keyword", [False, True])
    number = int(draw.integers(300, 400, 1))
    draw.drawn["num_samples"] = f"num_samples = {number}"
    given = {"weights": weights, "number": number, "seed": draw.seed()}
    got = student.run(drawn_by_weights, **given, as_list=as_list, by_keyword=by_keyword)
    for length in got["lengths"]:
        expect_length(length, number, "WeightedSampler", {n: samplers.ONE_EACH})
    for drawn in got["passes"]:
        sentence = _("A pass yields {found} indices, expected {expected}.")
        cause = samplers.ONE_EACH if len(drawn) == n else loaders.USED_UP if not drawn else ""
        expect(len(drawn) == number, sentence.format(found=len(drawn), expected=number), cause)
    expect(got["few"] == [1], _("With num_samples=1 a pass does not yield a single index."))
    expect(got["whole"] == [30] * 3, _("A pass ends where another one begins."))
    expect_ints(sorted(set(got["kinds"])))
    first, second, again, last = got["passes"]
    samplers.expect_shares([*first, *second, *last], weights.double())
    sentence = _("Two samplers whose generators are in the same state draw different indices.")
    expect(first == again, sentence, samplers.GENERATOR_IGNORED)
    several = first != second and first != last
    expect(several, _("Two passes draw the same indices."), samplers.SAME_DRAWS)
    counts = {tuple(sorted(drawn)) for drawn in got["passes"]}
    sentence = _("Each pass has each index equally often: the draws are not independent.")
    expect(len(counts) > 1, sentence)
    sentence = _(
        "With 30 equal weights and num_samples=30 no index comes twice in a pass: the draws are not independent."
    )
    # by chance that is so once in 10³⁵
    expect(got["flat"] != [30] * 3, sentence)
    sentence = _("The sampler changes torch's global random state.")
    numbers = map(number_of, [seeded(0)] * 4)
    expect(got["numbers"] == [*numbers], sentence, samplers.GLOBAL_CHANGED)


# batches by length


@probe
def by_length(student: Any, lengths: list[Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
    def made(each: list[int]) -> Any:
        if len(kwargs) == 2:
            return student.LengthBatchSampler(lengths=each, **kwargs)
        return student.LengthBatchSampler(each, *args, **kwargs)

    pairs = zip([*map(made, lengths)], lengths, strict=True)
    found = [{"len": len(one), "passes": passes_at_once(one, len(each) + 1)} for one, each in pairs]
    return {"found": found, "lengths": lengths}


@rounds(single=True)
@points(1)
def test_length_batch_sampler(student: Student, draw: Draw) -> None:
    """`LengthBatchSampler` gives batches of indices, the shortest sequences first."""
    size, full = draw.size("batch_size", high=9), draw.count("full_batches", 2, 40)
    rest = 0 if size == 1 else int(draw.integers(1, size, 1))
    counts = {size * full + rest: 5, size * full: 300, 0 if draw.round.ones is None else 1: 1}
    lengths = [draw.integers(1, 2 + most, count).tolist() for count, most in counts.items()]
    drop = draw.choice("drop_last", [False, True])
    calls: dict[str, tuple[list[Any], dict[str, Any]]] = {
        "drop_last by keyword": ([size], {"drop_last": drop} if drop else {}),
        "all by keyword": ([], {"batch_size": size, "drop_last": drop}),
        "all by position": ([size, drop], {}),
    }
    args, kwargs = draw.choice("call", calls)
    got = student.run(by_length, lengths=lengths, args=args, kwargs=kwargs)
    sentence = _("The input {names} was changed; inputs are to be left as they were.")
    expect(got["lengths"] == lengths, sentence.format(names="lengths"))
    for found, given in zip(got["found"], lengths, strict=True):
        orders = samplers.order_causes(given)
        order, wrong = samplers.sorted_by(given), loaders.dropping(not drop)
        expected, other = in_batches(order, size, drop), in_batches(order, size, not drop)
        causes: Causes = {
            cause: [in_batches(each, size, drop)] * 3 for cause, each in orders.items()
        }
        causes |= {wrong: [other] * 3, loaders.USED_UP: [expected[1:], [], expected[:1]]}
        what = _("the batches of three passes at once, with the lengths {lengths},")
        what = what.format(lengths=given if len(given) < 8 else f"{given[:6]}…")
        causes = other_than([expected] * 3, causes)
        expect_close(found["passes"], [expected] * 3, what, causes=causes)
        expect_length(
            found["len"], len(expected), "LengthBatchSampler", {len(other): loaders.COUNTS[wrong]}
        )


# a worker


@probe
def work(
    student: Any, rows: Tensor, base: int, ids: list[int], calls: list[Any], seed: int, how: str
) -> dict[str, Any]:
    begun: list[list[int]] = []
    dataset = Reading(rows, [])
    torch.manual_seed(seed)
    numbers, workers = [number_of(None)], []
    for worker_id in ids:
        given = [worker_id, base, dataset, collated, noting(begun)]
        names = ["worker_id", "base_seed", "dataset", "collate_fn", "worker_init_fn"]
        if how == "keyword":
            workers.append(student.Worker(**dict(zip(names, given, strict=True))))
        else:
            workers.append(student.Worker(*given[: 4 if how == "without" else 5]))
        numbers.append(number_of(None))
    batches = []
    for which, indices in [*calls, calls[0]]:  # the very same list once more
        batches.append(workers[which].fetch(indices))
        numbers.append(number_of(None))
    return {"begun": begun, "batches": batches, "numbers": numbers}


WORKER_CALLS = {"by position": "", "without worker_init_fn": "without", "by keyword": "keyword"}


def expect_worker(student: Student, draw: Draw) -> None:
    n, width = draw.size("n", low=3, high=40), draw.size("features", high=9)
    rows, count = draw.normal(n, width), draw.count("workers", 2, 5)
    ids = [*range(count)][:: -1 if draw.round.ones == 1 else 1]
    sizes = [1 + (3 * at + draw.round.number) % 8 for at in range(2 * count)]
    calls = [
        ((at * at + at // 2) % count, draw.integers(0, n, size).tolist())
        for at, size in enumerate(sizes)
    ]
    draw.drawn["calls"] = ", ".join(f"{ids[which]}: fetch({each})" for which, each in calls[:4])
    base = draw.seed(2**62 if draw.round.number % 2 else 1000)
    given: dict[str, Any] = {"base": base, "ids": ids, "calls": calls, "seed": draw.seed()}
    how = draw.choice("call", WORKER_CALLS)
    got = student.run(work, rows=rows, **given, how=how)
    given["calls"] = calls = [*calls, calls[0]]

    def made(mistake: Cause | None = None) -> dict[str, Any]:
        drawn = loaders.worked(**given, begins=how != "without", mistake=mistake)
        pairs = zip(calls, drawn["drawn"], strict=True)
        batches = [{"rows": rows[which[1]], "numbers": numbers} for which, numbers in pairs]
        return {**drawn, "batches": batches}

    def causes(key: str) -> Causes:
        others = {each: made(each) for each in loaders.OF_WORKERS}
        if key == "batches":  # what was met before is right
            others = {k: each for k, each in others.items() if each["begun"] == expected["begun"]}
        return other_than(expected[key], {cause: each[key] for cause, each in others.items()})

    expected = made()
    what = _("what worker_init_fn meets (number, initial_seed(), a draw)")
    expect_close(got["begun"], expected["begun"], what, causes=partial(causes, "begun"))
    what = _("what fetch gives")
    expect_close(got["batches"], expected["batches"], what, causes=partial(causes, "batches"))
    what = _("what the process draws between the calls")
    expect_close(got["numbers"], expected["numbers"], what, causes={loaders.LEFT_SEEDED: ...})


@rounds("published", "ones", "more ones", "large", single=True)
@points(1)
def test_worker(student: Student, draw: Draw) -> None:
    """`Worker` reads with a random state of its own, which begins with its seed and goes on from call to call."""
    expect_worker(student, draw)


# the loader: batches


@probe
def load(student: Any, rows: Tensor, labels: Tensor, runs: list[Any]) -> list[Any]:
    from itertools import islice

    found, log = [], []  # type: list[Any], list[int]
    dataset, most = Pairs(rows, labels, log), len(rows) + 1
    own = [{"collate_fn": summed} if each else {} for _options, each in runs]
    all_options = [options for options, _unused in runs]
    pairs = zip(all_options, own, strict=True)
    made = [student.MiniLoader(dataset, **options, **more) for options, more in pairs]
    for loader, more in zip(made, own, strict=True):
        early: Any = iter(loader if not more else ())  # it goes on after another pass
        first = list(islice(early, 1))
        log.clear()
        read, batches = [], []
        for batch in loader:
            batches.append(batch)
            read.append(len(log))
            if len(batches) == most:
                break
        again = passes_of(loader, 1, most)[0] if more else [*first, *islice(early, most)]
        found.append({"len": len(loader), "batches": batches, "read": read, "again": again})
    return found


def expect_batches(student: Student, draw: Draw) -> None:
    size, full = draw.size("batch_size", high=40), draw.count("full_batches", 2, 4)
    # one more sample than fits, up to one fewer than a batch has; or none
    rest = 0 if size == 1 or draw.round.all_equal else 1 + draw.round.number % (size - 1)
    n = size * full + rest
    draw.drawn["n"] = f"len(dataset) = {n}"
    rows, labels = draw.normal(n, draw.size("features", high=8)), draw.integers(0, 9, n)
    runs: list[tuple[dict[str, Any], bool]] = [
        ({"batch_size": size}, False),
        ({"batch_size": size, "drop_last": True}, True),
        ({"batch_size": n + 1}, True),
        *([({}, False)] if n < 30 else []),
    ]
    got = student.run(load, rows=rows, labels=labels, runs=runs)

    def made(size: int, drop: bool, own: bool) -> list[Any]:
        parts = [(rows[part], labels[part]) for part in in_batches(range(n), size, drop)]
        if own:
            return [{"total": x.sum(0), "labels": y.tolist()} for x, y in parts]
        return [list(part) for part in parts]

    for found, (options, own) in zip(got, runs, strict=True):
        drop, taken = options.get("drop_last", False), options.get("batch_size", 1)
        expected = made(taken, drop, own)
        mistakes = {
            loaders.dropping(not drop): made(taken, not drop, own),
            loaders.COLLATE_IGNORED: made(taken, drop, False),
            loaders.ONE_BY_ONE: made(1, False, own),
            loaders.ALL_IN_ONE: made(n, False, own),
        }
        causes = other_than(expected, mistakes)
        name = f"MiniLoader(dataset, {told({**options, 'collate_fn': '…'} if own else options)})"
        scale = float(n) if own else 1.0
        what = _("the batches of {loader}").format(loader=name)
        expect_close(found["batches"], expected, what, causes=causes, scale=scale)
        counts = loaders.COUNTS.items()
        lengths = {len(causes[wrong]): cause for wrong, cause in counts if wrong in causes}
        expect_length(found["len"], len(expected), name, lengths)
        what = _("the batches of a second pass of {loader}").format(loader=name)
        causes = {loaders.USED_UP: []}
        if not own:
            what = _("the batches of a pass of {loader}, with another one in the midst of it,")
            what = what.format(loader=name)
            again = expected if len(found["again"]) > len(expected) else []
            causes = {loaders.ONE_PASS: [*expected[:1], *again]}
        expect_close(found["again"], expected, what, causes=causes, scale=scale)
        read = [min(n, taken * (k + 1)) for k in range(len(expected))]
        sentence = _("When the first batch comes, {found} samples have been read, expected {read}.")
        sentence = sentence.format(found=found["read"][:1], read=read[:1])
        cause = loaders.READ_AT_ONCE if found["read"][:1] == [n] else ""
        expect(found["read"] == read, sentence, cause)


@rounds("published", "ones", "equal", "large", single=True)
@points(1)
def test_loader_batches(student: Student, draw: Draw) -> None:
    """`MiniLoader` gives the samples in batches, with `batch_size`, `drop_last` and `collate_fn`, one by one."""
    expect_batches(student, draw)


# samplers


@probe
def sample(student: Any, values: list[int], runs: list[Any], refused: list[Any]) -> dict[str, Any]:
    found, raised = [], []
    for options, name, orders in runs:
        sampler = orders[0] if len(orders) == 1 else Passes(orders)
        loader = student.MiniLoader(values, **options, **{name: sampler})
        passes = passes_of(loader, 2, len(orders[0]) + 1)
        batches = [[torch.as_tensor(batch).tolist() for batch in each] for each in passes]
        found.append({"len": len(loader), "passes": batches})
    for options in refused:
        try:
            student.MiniLoader(values, **options, generator=torch.Generator())
            raised.append("")
        except Exception as error:
            raised.append("ValueError" if isinstance(error, ValueError) else type(error).__name__)
    return {"found": found, "raised": raised}


@rounds("published", "ones", "equal", "large", single=True)
@points(1)
def test_loader_samplers(student: Student, draw: Draw) -> None:
    """`sampler` and `batch_sampler` say which samples come, anew in each pass; what they exclude is a ValueError."""
    n, size = draw.size("n", low=4, high=40), draw.size("batch_size", high=6)
    values, count = draw.integers(100, 10**6, n).tolist(), 2 * size + size // 2
    orders = [draw.integers(0, n, count).tolist() for _unused in range(2)]
    several = [2, 1, 3, size] * draw.count("groups", 1, 9)
    groups = [[draw.integers(0, n, k).tolist() for k in several] for _unused in range(2)]
    drop = draw.choice("drop_last", [True, False])
    runs: list[tuple[dict[str, Any], str, list[Any]]] = [
        ({"batch_size": size}, "sampler", orders),
        ({"batch_size": size, "drop_last": drop}, "sampler", orders[:1]),
        ({}, "batch_sampler", groups),
        ({}, "batch_sampler", groups[:1]),
        ({"batch_size": size}, "sampler", [[]]),
        ({}, "batch_sampler", [[]]),
    ]
    got = student.run(sample, values=values, runs=runs, refused=loaders.REFUSED)
    for found, (options, name, given) in zip(got["found"], runs, strict=True):
        size_of, drops = options.get("batch_size", 1), options.get("drop_last", False)
        both = [given[0], given[-1]]

        def read(batches: Sequence[Any]) -> list[Any]:
            return [[values[index] for index in batch] for batch in batches]

        def cut(orders: list[Any], drops: bool, size: int = size_of, name: str = name) -> list[Any]:
            if name == "batch_sampler":
                return [read(each) for each in orders]
            return [read(in_batches(each, size, drops)) for each in orders]

        expected, in_order = cut(both, drops), in_batches(values, size_of, drops)
        mistakes = {
            loaders.SAMPLER_IGNORED: [in_order] * 2,
            loaders.FIRST_PASS: cut([both[0]] * 2, drops),
            loaders.USED_UP: [expected[0], []],
            loaders.dropping(not drops): cut(both, not drops),
        }
        loader = f"MiniLoader(dataset, {told({**options, name: '…'})})"
        what = _("the batches of two passes of {loader}").format(loader=loader)
        expect_close(found["passes"], expected, what, causes=other_than(expected, mistakes))
        lengths = {len(in_order): loaders.OF_THE_DATASET}
        expect_length(found["len"], len(expected[0]), loader, lengths)
    for options, raised in zip(loaders.REFUSED, got["raised"], strict=True):
        sentence = _("MiniLoader(dataset, {options}) raises {raised}, expected a ValueError.")
        sentence = sentence.format(options=told(options), raised=raised or _("nothing"))
        expect(raised == "ValueError", sentence)


# shuffling


@probe
def shuffle(student: Any, n: int, options: Any, seeds: list[int], left: bool) -> Any:
    generator = torch.Generator().manual_seed(seeds[0])
    dataset = Reading(torch.arange(n), [])
    loader = student.MiniLoader(dataset, shuffle=True, generator=generator, **options)
    passes = []
    for number in range(3):
        if left and number == 1:
            next(iter(loader))
        torch.manual_seed(seeds[1] + number)
        [batches] = passes_of(loader, 1, n + 1)
        passes.append([torch.as_tensor(batch[0]).tolist() for batch in batches])
    return {"passes": passes, "kinds": sorted(dataset.kinds)}


@rounds("published", "ones", "equal", "large", single=True)
@points(1)
@follows("loader_batches")
def test_loader_shuffle(student: Student, draw: Draw) -> None:
    """With `shuffle` each pass has the order that `generator` gives after the base seed."""
    size, n = draw.size("batch_size", high=7), draw.size("n", low=4)
    drop, left = draw.choice("drop_last", [False, True]), draw.choice("left_early", [False, True])
    seeds, options = [draw.seed(), draw.seed()], {"batch_size": size, "drop_last": drop}
    given = student.run(shuffle, n=n, options=options, seeds=seeds, left=left)
    got, kinds = given["passes"], given["kinds"]

    def batched(orders: list[list[int]]) -> list[Any]:
        return [in_batches(order, size, drop) for order in orders]

    def made(mistake: Cause | None = None) -> list[Any]:
        orders = loaders.orders_of(n, seeded(seeds[0]), 3 + left, mistake)
        return batched([orders[0], *orders[1 + left :]])

    def globally(mistake: Cause | None = None) -> list[Any]:
        """Where the order comes from the global generator."""
        generators = [seeded(seeds[1] + number) for number in range(3)]
        return batched([loaders.orders_of(n, each, 1, mistake)[0] for each in generators])

    expected, none = made(), loaders.NO_BASE_SEED
    mistakes = {cause: made(cause) for cause in loaders.OF_ORDERS}
    mistakes[loaders.NOT_SHUFFLED] = batched([[*range(n)]] * 3)
    for other in (globally(), globally(none)):
        if got == other:
            mistakes[loaders.GLOBAL_ORDER] = other
    for other in (expected, mistakes[none]):
        if got == [other[0]] * 3:
            mistakes[loaders.SAME_ORDER] = got
    what = _("the batches of three passes with shuffle=True and a generator seeded with {seed}")
    what = what.format(seed=seeds[0])
    expect_close(got, expected, what, causes=other_than(expected, mistakes))
    expect_ints(kinds)


# workers


@probe
def in_turns(student: Any, n: int, runs: list[Any], seeds: list[int], passes: int) -> list[Any]:
    found = []
    for options in runs:
        begun: list[list[int]] = []
        generator = torch.Generator().manual_seed(seeds[0])
        more = {"collate_fn": list, "worker_init_fn": noting(begun), "generator": generator}
        loader = student.MiniLoader(Reading(range(n), []), **options, **more)
        torch.manual_seed(seeds[1])
        each = []
        for _unused in range(passes):
            begun.clear()
            numbers, batches = [number_of(None)], []
            for batch in loader:
                batches.append(batch)
                numbers.append(number_of(None))
                if len(batches) > n:
                    break
            each.append({"begun": sorted(begun), "batches": batches, "numbers": numbers})
        found.append(each)
    return found


@rounds("published", "ones", "equal", single=True)
@points(1)
@follows("worker", "loader_batches")
def test_loader_workers(student: Student, draw: Draw) -> None:
    """The batches are read in turns by new workers in each pass, or by persistent ones; without any in the process."""
    workers, size = draw.size("num_workers", high=6), draw.size("batch_size", high=5)
    n = size * draw.count("full_batches", 7, 9) + size // 2
    draw.drawn["n"] = f"len(dataset) = {n}"
    options: dict[str, Any] = {"num_workers": workers, "batch_size": size}
    options |= {name: draw.choice(name, [False, True]) for name in ("shuffle", "drop_last")}
    options["prefetch_factor"] = draw.count("prefetch_factor", 1, 3)
    runs = [{**options, "persistent_workers": persistent} for persistent in (False, True)]
    # more than there are batches, and none
    runs += [{**runs[0], "num_workers": number} for number in (n // size + 5, 0)]
    given: dict[str, Any] = {"n": n, "seeds": [draw.seed(), draw.seed()], "passes": 2}
    got = student.run(in_turns, runs=runs, **given)
    # worker_init_fn notes its number, the seed and a draw; a sample is its index and a draw
    names = {"begun": "worker_init_fn", "batches": "samples", "numbers": "draws"}

    def made(options: dict[str, Any], key: str, mistake: Cause | None = None) -> list[Any]:
        passes = loaders.read_in_turns(options=options, **given, mistake=mistake)
        return [each[key] for each in passes]

    def causes(options: dict[str, Any], key: str) -> Causes:
        mistakes = {cause: made(options, key, cause) for cause in loaders.OF_TURNS}
        return other_than(made(options, key), mistakes)

    for found, each in zip(got, runs, strict=True):
        for key, name in names.items():
            what = _("with {options}, in two passes, {name}").format(options=told(each), name=name)
            values, expected = [one[key] for one in found], made(each, key)
            given_causes: Any = partial(causes, each, key)
            if key == "numbers":
                left = each["num_workers"] and values[0][1:2] != expected[0][1:2]
                given_causes = {loaders.LEFT_SEEDED: ...} if left else {}
            expect_close(values, expected, what, causes=given_causes)


# reading ahead


@probe
def ahead(student: Any, n: int, runs: list[Any]) -> list[Any]:
    found = []
    for options in runs:
        log: list[int] = []
        generator = torch.Generator().manual_seed(0)
        loader = student.MiniLoader(Reading(range(n), log), generator=generator, **options)
        for number in range(2):
            if number:
                next(iter(loader))  # a pass that is left early
            log.clear()
            read: list[int] = []
            for _batch in loader:
                read.append(len(set(log)))
                if len(read) > n:
                    break
            found.append([*read, len(log)])
    return found


@rounds("published", "ones", "equal", single=True)
@points(1)
@follows("worker", "loader_batches")
def test_reading_ahead(student: Student, draw: Draw) -> None:
    """The workers are `num_workers * prefetch_factor` batches ahead of the loop; without workers nothing is."""
    workers, size = draw.size("num_workers", high=4), draw.size("batch_size", high=4)
    factor = draw.count("prefetch_factor", 1, 4)
    batches = workers * max(factor, 2) + draw.count("further_batches", 3, 6)
    n = size * batches - size // 2
    draw.drawn["n"] = f"len(dataset) = {n}"
    options = {"batch_size": size, "num_workers": workers}
    runs: list[dict[str, Any]] = [
        {**options, "prefetch_factor": factor, "persistent_workers": draw.round.ones == 0},
        options,
        {"batch_size": size},
        {**options, "prefetch_factor": batches},
    ]
    got = student.run(ahead, n=n, runs=runs)

    def read(beyond: int) -> list[int]:
        return [*(min(n, (k + 1 + beyond) * size) for k in range(batches)), n]

    for place, found in enumerate(got):
        each = runs[place // 2]
        taken, number = each.get("prefetch_factor", 2), each.get("num_workers", 0)
        expected = read(number * taken)
        mistakes: Causes = loaders.ahead_causes(read, n, number, taken)
        if place % 2:  # before it all was right
            mistakes = {loaders.LEFT_OVER: found} if len(found) > batches + 1 else {}
        what = _("how many samples are read when each batch comes, and at the end, with {options},")
        what = what.format(options=told(each))
        expect_close(found, expected, what, causes=other_than(expected, mistakes))


@points(1)
@needs("balanced_weights", "worker", "loader_batches")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """Weights are where the labels are, and batches where the samples are, on any device."""
    expect_weights(elsewhere, draw)
    expect_worker(elsewhere, draw)
    expect_batches(elsewhere, draw)
    draw.tell_default(elsewhere.device)
    expect_weights(elsewhere, draw, by_default=True)


HINTS = (
    """A pass is a fresh `__iter__`, and a generator function (`yield`) is the shortest way to write one: it does
    nothing before it is asked. Write `MiniLoader` without workers first, and let the workers come in then.""",
    """`torch.multinomial` draws by weights, and takes a `generator`. `sorted` with a `key` keeps the order of equal
    ones. A worker's random state is a tensor that `torch.get_rng_state()` gives and `torch.set_rng_state(…)` puts
    back; the context manager `torch.random.fork_rng` restores that of the process at its end. What is read ahead waits
    in a `collections.deque`.""",
    """A worker reads a batch by

    ```python
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(self.state)
        batch = self.collate_fn([self.dataset[index] for index in indices])
        self.state = torch.get_rng_state()
    ```

    and the loop over the batches of indices is

    ```python
    for number, indices in enumerate(index_batches):
        waiting.append(workers[number % len(workers)].fetch(indices))
        if len(waiting) > len(workers) * self.prefetch_factor:
            yield waiting.popleft()
    yield from waiting
    ```""",
)
COMPARE = """Another right way: give the process the worker's state by hand, in `try` and `finally`, so that it has its
    own back even where the dataset raises.

    In torch each worker is a process, with a queue of indices that go in, and one queue of all batches that come out.
    They come out as they are ready, and are put in order before the loop gets them: a slow sample holds up all behind
    it, while the other workers read on until they are far enough ahead. What a worker changes in the dataset is
    changed in its own copy alone."""
