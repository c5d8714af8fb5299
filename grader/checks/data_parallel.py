"""Data parallel: parts of a batch, replicas, averaged gradients, and a step that equals that of one device."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from grader import (
    Cause,
    Draw,
    Student,
    _,
    around_a_step,
    called,
    expect,
    expect_close,
    explain,
    follows,
    helper,
    in_parallel,
    needs,
    network,
    optimizer_steps,
    points,
    probe,
    rounds,
    training_order,
)

FORBIDDEN = {"from scratch": {"names": [
    "torch.nn.DataParallel", "torch.nn.parallel", "torch.distributed",
    "torch.utils.data.distributed",
]}}  # fmt: skip


# the devices to work on


@helper
def devices_for(like: Tensor, number: int) -> list[str]:
    """So many devices: all of the tensor's kind that there are, and the CPU beside them, again and again."""
    kind = like.device.type
    there = ["cpu"]
    if kind != "cpu":
        count = torch.get_device_module(kind).device_count()
        there = [*(f"{kind}:{index}" for index in range(count)), "cpu"]
    return [there[place % len(there)] for place in range(number)]


# the parts of a batch


@probe
def cut(student: Any, batch: Tensor, replicas: int, by_keyword: bool, by_default: bool) -> Any:
    held = batch.clone()
    found: list[Any] = []
    # the same object with other numbers, which is another question
    for numbers in (batch, batch.flip(0), batch):
        given = held.copy_(numbers) if found else batch
        if by_keyword:
            parts = student.scatter(batch=given, replicas=replicas)
        else:
            parts = called(student.scatter, by_default, given, replicas)
        # a part may be a view of the batch
        found.append([each.clone() if isinstance(each, Tensor) else each for each in parts])
    return found


def expect_parts(student: Student, draw: Draw, by_default: bool = False) -> None:
    number = draw.round.number
    replicas = draw.count("replicas", 1 if number == 1 else 3, 9)
    # one sample too many, one too few, and fewer than there are replicas
    n = draw.size("n") * replicas + (1 if number in (0, 4) else replicas - 1)
    n = replicas - 2 if number == 2 else n
    draw.drawn["n"] = f"n = {n}"
    shape = (n, *draw.shape("sample", ranks=(1, 0, 3, 2), elements=64))
    whole = draw.round.all_equal
    batch = draw.integers(0, 99, *shape) if whole else draw.numbers(*shape)
    batch = draw.layout("batch", batch if whole else draw.magnitude("batch") * batch)
    by_keyword = draw.choice("by_keyword", [False, True]) and not by_default
    given: dict[str, Any] = {"batch": batch, "replicas": replicas}
    got = student.run(cut, **given, by_keyword=by_keyword, by_default=by_default)
    lengths = in_parallel.lengths_of(n, replicas)
    expected = [list(numbers.split(lengths)) for numbers in (batch, batch.flip(0), batch)]
    what = "scatter(batch, replicas)"
    expect_close(got[0], expected[0], what, causes=in_parallel.part_causes(batch, replicas))
    what = _("scatter(batch, replicas) of other numbers in the same tensor")
    expect_close(got[1:], expected[1:], what, causes={explain.STALE: expected[:2]})


@rounds(single=True, half=True)
@points(1)
def test_scatter(student: Student, draw: Draw) -> None:
    """`scatter` cuts a batch into parts that are as equal as can be, the longer ones first, and none empty."""
    expect_parts(student, draw)


# what each process reads


@probe
def read(
    student: Any, n: int, replicas: int, ranks: list[int], epoch: int, by_keyword: bool
) -> Any:
    found = []
    for rank in ranks:
        given = {"n": n, "replicas": replicas, "rank": rank, "epoch": epoch}
        found.append(student.shard(**given) if by_keyword else student.shard(*given.values()))
    return found


@rounds(single=True)
@points(1)
def test_shard(student: Student, draw: Draw) -> None:
    """`shard` gives each process its samples of the epoch: all of one order, and as many for each."""
    few = draw.round.number == 2  # samples, which are read again and again
    n = draw.size("n", 1 if few else 3, 2 if few else None)
    replicas = draw.count("replicas", *((2 * n + 3, 2 * n + 3) if few else (2, 7)))
    epoch = draw.count("epoch", 1, 40)
    ranks = [*range(min(replicas, 3)), replicas - 1]
    given: dict[str, Any] = {"n": n, "replicas": replicas, "epoch": epoch, "ranks": ranks}
    got = student.run(read, **given, by_keyword=draw.choice("by_keyword", [False, True]))
    expected = [in_parallel.sharded(n, replicas, rank, epoch) for rank in ranks]
    what = _("shard(n, replicas, rank, epoch) of the ranks {ranks}").format(ranks=ranks)
    expect_close(got, expected, what, causes=in_parallel.shard_causes(**given))


# copies of a model

SHARED = Cause(
    "shared",
    "`model.to(device)` changes the model and gives it back, and `copy.copy` copies no tensors: `copy.deepcopy` does.",
)
TWICE = Cause(
    "shared", "Two copies have tensors in common: each entry of `devices` has a copy of its own, even if it repeats."
)  # fmt: skip
THAWED = Cause("thawed", "Parameters that are frozen in the model require gradients in the copies.")
ALL_TRAINING = Cause(
    "mode", "The copies are in training mode throughout: give each module the mode that it has in the model."
)  # fmt: skip
UNTIED = Cause(
    "untied", "Two parameters that are one tensor in the model are two in a copy: `copy.deepcopy` keeps them tied."
)  # fmt: skip


@helper
def made(plan: Any, state: Any, frozen: list[int], asleep: list[int]) -> Any:
    """A model with gradients, of which some parameters are frozen and some modules in evaluation mode."""
    model: Any = network(plan, state)
    if plan["kind"] == "tied":  # a tensor of two layers, beside the layer that stands twice
        getattr(model, plan["names"][0]).bias = getattr(model, plan["names"][2]).bias
    for place, parameter in enumerate(model.parameters()):
        parameter.requires_grad_(place not in frozen)
        parameter.grad = None if place in frozen else torch.ones_like(parameter)
    modules: Any = list(model.modules())
    for place in asleep:
        modules[place % len(modules)].training = False
    return model


@helper
def facts_of(model: Any, home: Any) -> dict[str, Any]:
    """What is to be the same in a model and in its copies; the numbers on the device `home`."""
    kept = [*model.named_parameters(remove_duplicate=False), *model.named_buffers()]
    return {
        "values": {name: value.detach().to(home) for name, value in kept},
        "modes": {name: each.training for name, each in model.named_modules()},
        "frozen": [name for name, each in model.named_parameters() if not each.requires_grad],
        "own": [name for name, _each in model.named_parameters()],
    }


@probe
def copied(
    student: Any,
    plan: Any,
    state: Any,
    frozen: list[int],
    asleep: list[int],
    number: int,
    by_default: bool,
) -> Any:
    import contextlib

    model, like = made(plan, state, frozen, asleep), next(iter(state.values()))
    devices: list[Any] = devices_for(like, number)
    if number % 2:
        devices = [torch.device(each) for each in devices]
    for factor in (2, 0.5):  # the same model with other numbers, which is another question
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(factor)
        if factor == 2:
            student.replicate(model, devices)
    if number % 3:
        with like.device if by_default else contextlib.nullcontext():
            copies = list(student.replicate(model, devices))
    else:
        copies = list(student.replicate(model=model, devices=devices))
    if not all(isinstance(each, nn.Module) for each in copies):
        return {"kinds": [type(each).__name__ for each in copies]}
    found: list[Any] = []
    met: list[Any] = [*model.parameters(), *model.buffers()]
    first = len(met)
    for copy, device in zip(copies, devices, strict=False):
        tensors: list[Any] = [*copy.parameters(), *copy.buffers()]
        own: dict[str, Any] = facts_of(copy, like.device)
        held = {each.data_ptr() for each in tensors}
        own["shares"] = any(each.data_ptr() in held for each in met)
        own["has the model's"] = any(each.data_ptr() in held for each in model.parameters())
        own["has a copy's"] = any(each.data_ptr() in held for each in met[first:])
        own["cleared"] = all(each.grad is None for each in copy.parameters())
        place = torch.empty(0, device=device).device
        own["there"] = all(each.device == place for each in tensors)
        met += tensors
        found.append(own)
    grads = [None if each.grad is None else each.grad.clone() for each in model.parameters()]
    return {"copies": found, "grads": grads, "after": facts_of(model, like.device)}


def expect_copies(student: Student, draw: Draw, number: int, by_default: bool = False) -> None:
    n_in, n_out = draw.size("n_in"), draw.size("n_out")
    plan, state = draw.network(n_in, n_out)
    frozen = draw.choice("frozen", [[], [0], [1, 2]])
    asleep = draw.choice("evaluating", [[], [1], [0, 2]])
    given: dict[str, Any] = {"plan": plan, "state": state, "frozen": frozen, "asleep": asleep}
    got = student.run(copied, **given, number=number, by_default=by_default)
    model = made(**given)
    facts = facts_of(model, draw.home)
    sentence = _("replicate gives {kinds}, where models are asked.")
    expect("kinds" not in got, sentence.format(kinds=", ".join(got.get("kinds", []))))
    expect_close(len(got["copies"]), number, _("the number of copies"))
    for each in got["copies"]:
        sentence = _("Copies share tensors with the model, or with each other.")
        cause = SHARED if each["has the model's"] else TWICE if each["has a copy's"] else ""
        expect(not each["shares"], sentence, cause)
        expect_close(each["values"], facts["values"], _("the numbers in a copy"))
        expect(each["there"], _("A copy is not on its device."))
        tied = each["own"] == facts["own"]
        expect(tied, _("A copy has other parameters than the model."), UNTIED)
        sentence = _("In a copy other parameters require gradients than in the model.")
        alike = each["frozen"] == facts["frozen"]
        expect(alike, sentence, "" if each["frozen"] else THAWED)
        sentence = _("In a copy modules are in other modes than in the model.")
        awake = all(each["modes"].values())
        expect(each["modes"] == facts["modes"], sentence, ALL_TRAINING if awake else "")
        expect(each["cleared"], _("The copies have gradients; `.grad` is to be None."))
    what = _("the model's parameters after replicate")
    expect_close(got["after"]["values"], facts["values"], what)
    stays = all(got["after"][key] == facts[key] for key in ("modes", "frozen", "own"))
    sentence = _("The model's modes, or what requires gradients in it, are others after replicate.")
    expect(stays, sentence)
    what = _("the model's gradients after replicate")
    expect_close(got["grads"], [each.grad for each in model.parameters()], what)


@rounds("published", "ones", "more ones", "equal", "large", single=True)
@points(2)
def test_replicate(student: Student, draw: Draw) -> None:
    """`replicate` gives a copy for each device: its own tensors, the model's numbers and modes, no gradients."""
    expect_copies(student, draw, draw.count("devices", 1, 8))


# averaged gradients


@probe
def average(
    student: Any,
    plan: Any,
    state: Any,
    grads: Any,
    sizes: list[int],
    by_keyword: bool,
) -> Any:
    like = next(iter(state.values()))
    devices = devices_for(like, len(sizes))
    replicas: list[Any] = [network(plan, state).to(device) for device in devices]
    # the same replicas with other gradients, again and again; the last ones are those that are asked
    for turn in reversed(range(12)):
        for replica, own in zip(replicas, grads, strict=True):
            for parameter, grad in zip(replica.parameters(), own, strict=True):
                value = None if grad is None else grad.to(parameter.device, copy=True)
                parameter.grad = value if value is None else value * (1 + turn)
        if by_keyword:
            student.average_gradients(replicas=replicas, sizes=sizes)
        else:
            student.average_gradients(replicas, sizes)
    pairs = [(each, each.grad) for replica in replicas for each in replica.parameters()]
    there = [grad for _parameter, grad in pairs if grad is not None]
    return {
        "grads": [
            [
                None if each.grad is None else each.grad.to(like.device)
                for each in replica.parameters()
            ]
            for replica in replicas
        ],
        "near": all(grad is None or grad.device == each.device for each, grad in pairs),
        "apart": len({grad.data_ptr() for grad in there}) == len(there),
        "numbers": [
            {name: value.to(like.device) for name, value in replica.state_dict().items()}
            for replica in replicas
        ],
    }


def expect_average(student: Student, draw: Draw, replicas: int) -> None:
    plan, state = draw.network(draw.size("n_in"), draw.size("n_out"))
    sizes = [int(draw.integers(1, 9, 1)) for _unused in range(replicas)]
    if replicas > 1:
        sizes[0] = sizes[-1] + 3
    if draw.round.all_equal:
        sizes[1] = 0
    draw.drawn["sizes"] = f"sizes = {sizes}"
    model = network(plan, state)
    shapes = [value.shape for value in model.parameters()]
    factor = draw.magnitude("grad")
    grads: list[Any] = [[factor * draw.normal(*shape) for shape in shapes] for _size in sizes]
    missing = draw.choice("missing", ["nothing", "everywhere", "once"])
    if missing == "once":
        grads[-1][0] = None
    if missing == "everywhere":
        for own in grads:
            own[-1] = None
    by_keyword = draw.choice("by_keyword", [False, True])
    given: dict[str, Any] = {"plan": plan, "state": state, "grads": grads, "sizes": sizes}
    got = student.run(average, **given, by_keyword=by_keyword)
    expected = [in_parallel.averaged(grads, sizes)] * replicas
    causes = in_parallel.mean_causes(grads, sizes)
    # the shares may be tensors of float32
    rtol = 1e-6 if draw.dtype == torch.float64 else None
    what = _("the gradients of each replica after average_gradients")
    expect_close(got["grads"], expected, what, causes=causes, rtol=rtol)
    expect(got["near"], _("A gradient is not on the device of its parameter."))
    sentence = _("Replicas share a gradient: if one is changed, another one changes.")
    expect(got["apart"], sentence)
    what = _("the numbers in the replicas after average_gradients")
    expect_close(got["numbers"], [model.state_dict()] * replicas, what)


@rounds("published", "ones", "more ones", "equal", "large", single=True)
@points(2)
def test_average_gradients(student: Student, draw: Draw) -> None:
    """`average_gradients` gives every replica the mean of their gradients, weighted with their numbers of samples."""
    expect_average(student, draw, draw.count("replicas", 1 if draw.round.number == 1 else 2, 8))


# buckets


@probe
def fill_buckets(student: Any, sizes: list[int], capacity: int, by_keyword: bool) -> Any:
    held, found = sizes[::-1], []
    for _turn in range(2):  # the same list with other numbers, which is another question
        if by_keyword:
            found.append(student.buckets(sizes=held, capacity=capacity))
        else:
            found.append(student.buckets(held, capacity))
        held.reverse()
    return found


@rounds(single=True)
@points(1)
def test_buckets(student: Student, draw: Draw) -> None:
    """`buckets` fills one bucket after the other from the last parameter on, with at most `capacity` elements."""
    sizes = [int(each) for each in draw.integers(1, 30, draw.size("parameters", low=4))]
    capacity = max(sizes[-1] + sizes[-2], *sizes)  # the last two may fill a bucket to the brim
    sizes[1] += capacity
    if draw.round.number % 2:
        sizes[-1] += capacity
    by_keyword = draw.choice("by_keyword", [False, True])
    for given in (sizes, sizes[:1], []):
        got = student.run(fill_buckets, sizes=given, capacity=capacity, by_keyword=by_keyword)
        for found, asked in zip(got, (given[::-1], given), strict=True):
            told = asked if len(asked) < 9 else f"[{asked[0]}, …, {asked[-1]}]"
            causes = in_parallel.bucket_causes(asked, capacity)
            expected = in_parallel.bucketed(asked, capacity)
            expect_close(found, expected, f"buckets({told}, {capacity})", causes=causes)


# the whole step

STEPS = {
    "not cleared": explain.NOT_CLEARED,
    "sum": Cause("not-weighted", "The devices' gradients are summed: each is to count with its share of the samples."),
    "mean": Cause(
        "batch-means",
        "It is the plain mean of the devices' gradients: their parts are unequal, so each is to count with its share "
        "of the samples.",
    ),
    "samples": Cause(
        "not-weighted",
        "The devices' gradients are summed and divided by the number of samples: weigh each with its own number.",
    ),
    "not divided": Cause(
        "not-divided", "Each device counts with its number of samples; the division by the number of all is missing."
    ),
    "last": Cause(
        "last-alone", "Only the last part of the batch has a say in the step, with its share."
    ),
    "steps": Cause("every-batch", "There is a step for every device; one for all is asked."),
}  # fmt: skip
LOSSES = {
    "mean": Cause(
        "batch-means", "It is the plain mean of the parts' losses: weigh each with its number of samples."
    ),
    "sum": Cause("not-weighted", "It is the sum of the parts' mean losses."),
    "samples": Cause(
        "not-weighted",
        "The parts' mean losses are summed and divided by the number of samples: weigh each with its own number.",
    ),
    "not divided": Cause("not-divided", "It is the sum of all samples' losses; their mean is asked."),
    "last": Cause("last-alone", "It is the loss of the last part alone."),
}  # fmt: skip
ALONE = {"": slice(None), "first": slice(1), "last": slice(-1, None)}
FIRST_PART = Cause("first-alone", "Only the first part of the batch has a say in the step.")
LAST_PART = Cause("last-alone", "Only the last part of the batch has a say in the step.")
FIRST_LOSS = Cause("first-alone", "It is the loss of the first part alone.")
LOSS_AFTER = Cause("new-for-old", "It is the loss after the step; that before it is asked.")


@helper
class Counted(nn.Module):
    """Hands on what it is given, and keeps where and how much that was; a pass without gradients is no step."""

    seen: ClassVar[list[Any]] = []

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled():
            self.seen.append([str(x.device), len(x)])
        return x


loss_of = training_order.loss_of  # what probes use needs names of its own


@probe
def take_steps(
    student: Any,
    plan: Any,
    state: Any,
    calls: Any,
    number: int,
    loss: str,
    by_keyword: bool,
) -> Any:
    import contextlib

    like = next(iter(state.values()))
    devices = devices_for(like, number)
    model: Any = network(plan, state)
    model.add_module("counted", Counted())
    parameters = list(model.parameters())
    # with a gradient, be it 0, it would change
    idle = model.counted.idle = nn.Parameter(torch.ones_like(parameters[0]))
    groups: list[Any] = [{"params": parameters}, {"params": [idle], "weight_decay": 0.5}]
    optimizer = torch.optim.SGD(groups, lr=0.02, momentum=0.9)
    for parameter in [*parameters, idle]:
        parameter.grad = torch.ones_like(parameter)  # from earlier work
    losses, after, seen = [], [], []
    for x, y in [*calls, calls[0]]:
        Counted.seen.clear()
        names = ("model", "devices", "loss_fn", "optimizer", "x", "y")
        values = [model, devices, loss_of(loss), optimizer, x, y]
        if by_keyword:
            losses.append(student.parallel_step(**dict(zip(names, values, strict=True))))
        else:
            losses.append(student.parallel_step(*values))
        seen.append(list(Counted.seen))
        after.append([parameter.detach().clone() for parameter in parameters])

    def failing(_outputs: Any, _labels: Any) -> Any:
        raise ArithmeticError

    with contextlib.suppress(ArithmeticError):  # after which all is to be as before
        student.parallel_step(model, devices, failing, optimizer, *calls[0])
    kept = zip(model.parameters(), [*parameters, idle], strict=False)
    return {
        "losses": losses,
        "after": after,
        "seen": seen,
        "idle": bool((idle == 1).all()),
        "stays": all(each is old and each.device == like.device for each, old in kept),
        "there": [str(torch.empty(0, device=device).device) for device in devices],
    }


def expect_steps(student: Student, draw: Draw, number: int, most: int = 3) -> None:
    n_in, n_out = draw.size("n_in"), draw.size("n_out", low=2, high=8)
    n = draw.size("n", low=2)
    plan, state = draw.network(n_in, n_out)
    # outputs of about 1, so that rounding does not grow from step to step
    state = {name: value / max(1, value.shape[-1]) ** 0.5 for name, value in state.items()}
    loss = draw.choice("loss_fn", ["squares", "cross-entropy"])
    # one sample too many, one too few, and fewer than there are devices
    sizes = [number * n + 1, number * n + number - 1, max(1, number - 1)][:most]
    draw.drawn["n"] = f"n = {sizes}"
    calls: list[Any] = []
    # huge ones in float64 alone, for the same reason
    scale = {"ones": 0.0, "large": 200.0}.get(draw.round.name, 1.0)
    if scale != 1:
        draw.drawn["|x|"] = f"|x| ≈ {scale:g}"
    for size in sizes:
        y = draw.integers(0, n_out, size) if loss == "cross-entropy" else draw.normal(size, n_out)
        y = 40 * y if draw.round.name == "large" and loss == "squares" else y
        x = draw.inputs_of(plan, size)
        x = draw.layout("x", scale * x if x.is_floating_point() else x)
        calls.append((x, draw.layout("y", y)))
    again = [*calls, calls[0]]  # the very same tensors once more
    given: dict[str, Any] = {"plan": plan, "state": state, "calls": calls, "loss": loss}
    by_keyword = draw.choice("by_keyword", [False, True])
    asked: dict[str, Any] = {"number": number, "by_keyword": by_keyword}
    got = student.run(take_steps, **given, **asked)

    @cache
    def work(mistake: str = "", alone: str = "") -> Any:
        model = network(plan, {name: value.double() for name, value in state.items()})
        optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
        parts = [parts_of(x, y, number)[ALONE[alone]] for x, y in again]
        made = around_a_step.accumulated(model, loss_of(loss), parts, optimizer, mistake)
        return [[each.to(draw.dtype) for each in own] for own in made[0]], made[1]

    after, losses = work()
    start = list(network(plan, state).parameters())
    causes: dict[Cause, Any] = {optimizer_steps.UNMOVED: [start] * len(again)}
    causes |= {cause: lambda name=name: work(name)[0] for name, cause in STEPS.items()}
    causes[FIRST_PART] = lambda: work(alone="first")[0]
    causes[LAST_PART] = lambda: work(alone="last")[0]
    expect(got["stays"], _("The model has other parameters, or is elsewhere, after parallel_step."))
    # the shares may be tensors of float32
    rtol = 1e-6 if draw.dtype == torch.float64 else None
    what = _("the parameters after each step")
    expect_close(got["after"], after, what, causes=causes, rtol=rtol)
    right = [each[""] for each in losses]
    told: dict[Cause, Any] = {
        cause: [each[name] for each in losses] for name, cause in LOSSES.items()
    }
    told[FIRST_LOSS] = lambda: [each[""] for each in work(alone="first")[1]]
    what = _("the losses that parallel_step returns")
    expect_close(got["losses"], right, what, causes=told, rtol=rtol, dtype=draw.dtype)
    sentence = _(
        "A parameter that does not enter the loss was changed: it is to have no gradient in a step."
    )
    expect(got["idle"], sentence)
    for seen, (x, _y) in zip(got["seen"], again, strict=True):
        lengths = in_parallel.lengths_of(len(x), number)
        wanted = sorted(zip(got["there"], lengths, strict=False))
        found = sorted((str(device), int(size)) for device, size in seen)
        words = [
            ", ".join(f"{size} ({device})" for device, size in each) for each in (found, wanted)
        ]
        sentence = _(
            "Of {n} samples these went through the model at once: {found}. Asked is: {wanted}."
        )
        told_now = sentence.format(n=len(x), found=words[0] or "0", wanted=words[1])
        expect(found == wanted, told_now)


def parts_of(x: Tensor, y: Tensor, number: int) -> list[tuple[Tensor, Tensor]]:
    """What each device works on."""
    lengths = in_parallel.lengths_of(len(x), number)
    return list(zip(x.split(lengths), y.split(lengths), strict=True))


@rounds(single=True)
@points(2)
@follows("scatter", "replicate", "average_gradients")
def test_parallel_step(student: Student, draw: Draw) -> None:
    """`parallel_step` takes the step that one device takes, each device with its part of the samples."""
    expect_steps(student, draw, draw.count("devices", 1 if draw.round.number == 1 else 3, 8))


@points(1)
@needs("scatter", "replicate", "average_gradients", "parallel_step")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """Replicas work on several devices, and the model stays on its own."""
    expect_parts(elsewhere, draw)
    expect_copies(elsewhere, draw, 3)
    expect_average(elsewhere, draw, 3)
    expect_steps(elsewhere, draw, 3, most=2)
    draw.tell_default(elsewhere.device)
    expect_parts(elsewhere, draw, by_default=True)
    expect_copies(elsewhere, draw, 4, by_default=True)


HINTS = (
    """Work the number of the statement through by hand first: two devices, two samples and one. Which weights make
    4 of the two gradients? Then write `scatter`, and see what it gives for 5 samples and 4 replicas, or 2 and 3.""",
    """In `shard` a place beyond the end of the order is the same place of the order again: what does `%` say? In
    `replicate`, `copy.deepcopy` copies a model with all that it holds, and `.to(device)` changes the copy alone.
    In `average_gradients`, go through the parameters of all replicas side by side, bring the gradients to one device,
    add them up with their shares of the samples, and give each replica a tensor of its own. `parallel_step` puts
    these together; the model's own gradients are those of any replica after the averaging.""",
    """Side by side are

    ```python
    for parameters in zip(*(replica.parameters() for replica in replicas)):
    ```

    A share is `size / sum(sizes)`, and it stays that where another replica has no gradient. In `buckets`, go through
    `reversed(range(len(sizes)))`, keep how many elements the bucket at hand holds, and begin a new list where there is
    none yet, or where it would hold more than `capacity`. The mean loss of all samples is the sum of
    `loss.item() * len(inputs)` over the parts, divided by `len(x)`.""",
)
COMPARE = """Another right way needs no averaging: weigh the loss of each part with its share of the samples before
    `backward()`, and add up. Or none of the copies: `torch.func.functional_call(model, moved, (inputs,))` takes
    parameters that `.to(device)` has moved, autograd goes back through `.to`, and the gradients arrive at the model by
    themselves. That is what `nn.DataParallel` does.

    `DistributedDataParallel` divides by the number of processes, whatever they worked on. So with unequal last batches
    its gradient is not that of one device; `DistributedSampler` pads, as `shard` does, so that the parts are equal, and
    `drop_last=True` leaves the rest out. Some samples count twice then, which matters when a metric is worked out."""
