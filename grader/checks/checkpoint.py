"""Checkpoints: what is in the file, what is put back, and a training that is stopped and resumed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor, nn

from grader import (
    Cause,
    Draw,
    Received,
    Student,
    _,
    checkpoints,
    expect,
    expect_close,
    explain,
    follows,
    listen,
    needs,
    order_causes,
    points,
    probe,
    rounds,
)
from grader import checkpoint_causes as why

Plan = dict[str, Any]
State = dict[str, Tensor]
# what probes use needs names of its own
workshop, walk, walked = checkpoints.workshop, checkpoints.walk, checkpoints.walked
states_of, plain, content = checkpoints.states_of, checkpoints.plain, checkpoints.content
new_path, named, write = checkpoints.new_path, checkpoints.named, checkpoints.write
criterion, loader_of = checkpoints.criterion, checkpoints.loader_of
Stopping = checkpoints.Stopping
write_a_program, is_plain = checkpoints.write_a_program, checkpoints.is_plain
as_if_from_a_gpu, trained = checkpoints.as_if_from_a_gpu, checkpoints.trained
resumed_by_hand, PLANS = checkpoints.resumed_by_hand, checkpoints.PLANS
numbers_after, as_reference = checkpoints.numbers_after, checkpoints.as_reference
Batches = list[tuple[Tensor, Tensor]]


def drawn_plan(draw: Draw, dropout: float = 0.0) -> tuple[Plan, list[State]]:
    """What trains, and twice what the model begins with."""
    n_in, hidden, n_out = draw.size("n_in"), draw.size("hidden", 2, 8), draw.size("n_out")
    plan = {**draw.choice("optimizer", PLANS), "dropout": dropout}
    shapes = {"0.weight": (hidden, n_in), "0.bias": (hidden,)}
    shapes |= {f"2.0.{name}": (hidden,) for name in ("weight", "bias", "running_mean")}
    both: list[State] = []
    for _unused in range(2):
        state = {name: draw.normal(*shape) for name, shape in shapes.items()}
        state["2.0.running_var"] = draw.uniform(0.5, 2, hidden)
        state["2.0.num_batches_tracked"] = draw.integers(1, 99)
        # in the large round losses are large, too
        size = 512 if draw.round.name == "large" else 1
        state["3.weight"] = size * draw.normal(n_out, hidden)
        state["3.bias"] = size * draw.normal(n_out)
        both.append(state)
    return plan, both


PARTS = ("model", "optimizer", "scheduler", "lr")
CALLS = {
    "by position": [False, False],
    "by keyword": [True, False],
    "path is a Path": [False, True],
    "by keyword, path is a Path": [True, True],
}


@probe
def save_it(
    student: Any, plan: Any, start: Any, epochs: list[int], seed: int, drawn: int, call: list[bool]
) -> Any:
    """What is in a file that was written again and again, each time after another step."""
    import os

    by_keyword, as_path = call
    parts, path = workshop(plan, start), new_path(as_path)
    torch.manual_seed(seed)
    for epoch in epochs:
        walk(parts, 1)
        torch.rand(drawn)
        values = [path, *parts, epoch]
        args, kwargs = named("path model optimizer scheduler epoch", values, by_keyword)
        student.save_checkpoint(*args, **kwargs)
        if not os.path.exists(path):
            return {"problem": "no-file"}
    after = plain(states_of(parts)) | {"rng": torch.get_rng_state()}
    after["training"] = all(module.training for module in parts[0].modules())
    grads = [p.grad for p in parts[0].parameters()]
    after["grads"] = all(grad is not None and grad.any().item() for grad in grads)
    return {"after": after, **content(path)}


def expect_content(got: Any, start: State) -> None:
    """That a file is of the form that is asked."""
    problem, keys = got["problem"], got.get("keys", [])
    expect(problem != "no-file", _("After save_checkpoint there is no file at `path`."))
    expect(
        problem != "unreadable",
        _("torch.load cannot read the file: it is to be written by torch.save."),
    )
    cause: Cause | str = ""
    if problem == "weights_only" and keys:
        cause = (why.PICKLED if got["whole"] else why.NOT_PLAIN).of(key=keys[0])
    refused = _("torch.load(path, weights_only=True) refuses the file.")
    expect(problem != "weights_only", refused, cause)
    sentence = _("In the file is {kind}; a dict is asked.").format(kind=(keys or [""])[0])
    expect(problem != "no-dict", sentence)
    sentence = _("The file has no entry {keys}.").format(keys=", ".join(map(repr, keys)))
    expect(problem != "missing", sentence)
    names = sorted(start)
    parameters = [name for name in names if "running" not in name and "num_batches" not in name]
    cause = why.NO_BUFFERS if got["names"] == parameters else ""
    sentence = _('The entry "model" is not what `model.state_dict()` gives.')
    expect(got["names"] == names, sentence, cause)
    sentence = _("What is in the file is not what `state_dict()` of optimizer and scheduler gives.")
    expect(problem != "no-state-dict", sentence)


@rounds("published", "equal", single=True)
@points(1)
def test_save(student: Student, draw: Draw) -> None:
    """`save_checkpoint` writes the three state dicts, the epoch and the generator's state into one file."""
    plan, (start, _other) = drawn_plan(draw)
    first, saves = draw.count("epoch", 1, 4), 12 if draw.round.all_equal else 3
    draw.drawn["saves"] = f"saves = {saves}"
    epochs = [first, *[first + 2] * (saves - 1)]
    seed, drawn = draw.seed(), int(draw.integers(1, 9, 1).item())
    given = {"plan": plan, "start": start, "epochs": epochs, "seed": seed, "drawn": drawn}
    got = student.run(save_it, **given, call=draw.choice("call", CALLS))
    expect_content(got, start)
    entries, expected, before = got["entries"], walked(plan, start, saves), walked(plan, start, 1)
    for key in PARTS:
        what = told_of("file", key)
        expect_close(entries[key], expected[key], what, causes={why.EARLIER: before[key]})
    causes = {why.EARLIER: first, why.PLUS_ONE: epochs[1] + 1, why.MINUS_ONE: epochs[1] - 1}
    expect_close(entries["epoch"], epochs[1], 'file["epoch"]', causes=causes)
    generator = torch.Generator().manual_seed(seed)
    at_first = generator.get_state()
    for _epoch in epochs:
        torch.rand(drawn, generator=generator, dtype=student.default_dtype)
    state = generator.get_state()
    seeds = {0, 1, 42, 1234, epochs[1]}
    seeded = {
        why.SEEDED.of(seed=str(each)): generator.manual_seed(each).get_state() for each in seeds
    }
    expect_state(entries["rng"], state, seed, {why.AT_FIRST: at_first} | seeded)
    for key in PARTS:
        expect_close(got["after"][key], expected[key], told_of("saved", key))
    expect_close(got["after"]["rng"], state, _("the generator's state after save_checkpoint"))
    sentence = _("After save_checkpoint the model is not in training mode, as it was before.")
    expect(got["after"]["training"], sentence, why.LEFT_ALONE)
    sentence = _("After save_checkpoint the gradients are gone, which were there before.")
    expect(got["after"]["grads"], sentence, why.LEFT_ALONE)


def told_of(when: str, key: str) -> str:
    """What a part is called in a sentence."""
    if when == "file":
        return _('the learning rates in file["optimizer"]') if key == "lr" else f'file["{key}"]'
    names = {
        "model": _("the model's state"),
        "optimizer": _("the optimizer's state"),
        "lr": _("the optimizer's learning rates"),
        "scheduler": _("the schedule's state"),
    }
    moments = {
        "saved": _("{what} after save_checkpoint"),
        "loaded": _("{what} after load_checkpoint"),
        "resumed": _("{what} at the end of the resumed training"),
        "": "{what}",
    }
    return moments[when].format(what=names[key])


def expect_state(found: Any, expected: Tensor, seed: int, causes: dict[Cause, Any]) -> None:
    """That a file holds this state of the generator."""
    sentence = _(
        'file["rng"] is not the state of the generator, which `torch.get_rng_state()` gives.'
    )
    expect(isinstance(found, Received), sentence, why.SEED if found == seed else "")
    expect_close(found, expected, 'file["rng"]', causes=causes)


@probe
def load_it(
    student: Any,
    plan: Any,
    states: Any,
    epoch: int,
    seeds: list[int],
    call: list[bool],
    moved: bool = False,
    by_default: bool = False,
) -> Any:
    import contextlib

    by_keyword, as_path = call
    source, path = workshop(plan, states[0]), new_path(as_path)
    walk(source, epoch)
    torch.manual_seed(seeds[0])
    write(path, source, epoch)
    if moved:
        as_if_from_a_gpu(path)
    parts = workshop(plan, states[1])
    walk(parts, 1)
    device = parts[0][0].weight.device
    torch.manual_seed(seeds[1])
    args, kwargs = named("path model optimizer scheduler", [path, *parts], by_keyword)
    with device if by_default else contextlib.nullcontext():
        returned = student.load_checkpoint(*args, **kwargs)
    numbers = torch.rand(3, dtype=torch.float64, device="cpu").tolist()
    stays = parts[0][0].weight.device == device
    loaded = plain(states_of(parts))
    walk(parts, 1)
    found = {"epoch": returned, "numbers": numbers, "stays": stays}
    found |= {"loaded": loaded, "then": plain(states_of(parts))}
    walk(source, 1)
    write(path, source, epoch + 1)
    found["second epoch"] = student.load_checkpoint(*args, **kwargs)
    return {**found, "second": plain(states_of(parts))["model"]}


def drawn_loading(draw: Draw) -> dict[str, Any]:
    plan, states = drawn_plan(draw)
    seeds = [draw.seed(), draw.seed()]
    epoch = draw.count("epoch", 2, 6)
    call = draw.choice("call", CALLS)
    return {"plan": plan, "states": states, "epoch": epoch, "seeds": seeds, "call": call}


def expect_loaded(got: Any, given: dict[str, Any]) -> None:
    """That all but the generator is as it was when the file was written, and that the optimizer moves the model."""
    plan, (start, other), epoch = given["plan"], given["states"], given["epoch"]
    expected, before = walked(plan, start, epoch), walked(plan, other, 1)
    expect(got["stays"], _("The model is on another device after load_checkpoint."), why.MOVED)
    for key in PARTS:
        causes = {why.NOT_RESTORED: before[key]}
        expect_close(got["loaded"][key], expected[key], told_of("loaded", key), causes=causes)
    causes = {why.PLUS_ONE: epoch + 1, why.MINUS_ONE: epoch - 1}
    expect_close(got["epoch"], epoch, _("what load_checkpoint returns"), causes=causes)
    after = walked(plan, start, epoch + 1)
    what = _("the model's state one step after load_checkpoint")
    expect_close(
        got["then"]["model"], after["model"], what, causes={why.OTHER_TENSORS: expected["model"]}
    )
    what = _("the optimizer's state one step after load_checkpoint")
    expect_close(got["then"]["optimizer"], after["optimizer"], what)
    what = _("what load_checkpoint returns when another file lies at the same path")
    expect_close(got["second epoch"], epoch + 1, what, causes={explain.STALE: epoch})
    what = _("the model's state when another file lies at the same path")
    expect_close(got["second"], after["model"], what)


@rounds("published", "equal", single=True)
@points(2)
def test_load(student: Student, draw: Draw) -> None:
    """`load_checkpoint` puts back what model, optimizer and schedule were, and returns the epoch."""
    given = drawn_loading(draw)
    expect_loaded(student.run(load_it, **given), given)


def expect_numbers(got: Any, given: dict[str, Any]) -> None:
    """That the generator is where it was."""
    first, second = map(numbers_after, given["seeds"])
    what = _("the random numbers after load_checkpoint")
    causes: dict[Cause, Any] = {why.RNG_LEFT: second}
    seeds = {0, 1, 42, 1234, given["epoch"]}
    causes |= {why.RNG_SEEDED.of(seed=str(seed)): numbers_after(seed) for seed in seeds}
    expect_close(got["numbers"], first, what, causes=causes)


@rounds("ones", single=True)
@points(1)
def test_load_generator(student: Student, draw: Draw) -> None:
    """After `load_checkpoint` the same random numbers come as after the file was written."""
    given = drawn_loading(draw)
    got = student.run(load_it, **given)
    expect_numbers(got, given)


@rounds("published", single=True)
@points(1)
def test_load_from_a_gpu(student: Student, draw: Draw) -> None:
    """A file that was written on a GPU is read where there is none."""
    given = drawn_loading(draw)
    near, far = (student.run(load_it, **given, moved=moved) for moved in (False, True))
    before, loaded = walked(given["plan"], given["states"][1], 1), as_reference(near["loaded"])
    idle = [torch.equal(loaded["model"][name], old) for name, old in before["model"].items()]
    idle.append(loaded["scheduler"] == before["scheduler"])
    expect(not all(idle), _("load_checkpoint puts nothing back of a file from the CPU."))
    what = _("what load_checkpoint makes of a file from a GPU")
    expect_close(far, as_reference(near), what)


@probe
def load_a_program(student: Any, plan: Any, states: Any) -> Any:
    """A file with a program in it, which makes a folder when it is run."""
    import os
    import pickle

    path, raised = new_path(), False
    made = write_a_program(path, workshop(plan, states[0]))
    try:
        student.load_checkpoint(path, *workshop(plan, states[1]))
    except pickle.UnpicklingError:
        raised = True
    return {"ran": os.path.isdir(made), "raised": raised}


@rounds("published", single=True)
@points(1)
def test_load_weights_only(student: Student, draw: Draw) -> None:
    """A file that holds more than numbers and plain data is refused: no program in it is run."""
    plan, states = drawn_plan(draw)
    got = student.run(load_a_program, plan=plan, states=states)
    expect(not got["ran"], _("A program in the file was run when it was read."), why.UNPICKLED)
    sentence = _("The file holds a program, and load_checkpoint raises nothing.")
    expect(got["raised"], sentence, why.KEPT_BACK)


@probe
def train_it(
    student: Any,
    plan: Any,
    start: Any,
    samples: Any,
    size: int,
    epochs: int,
    by_keyword: bool,
    as_path: bool,
) -> Any:
    import os

    parts = workshop(plan, start)
    model, optimizer, scheduler = parts
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)  # from earlier work
    events = listen(model, optimizer)
    path, loader = new_path(as_path), loader_of(samples, size, False)
    values = [model, criterion(), optimizer, scheduler, loader, epochs, path]
    names = "model criterion optimizer scheduler loader epochs path"
    args, kwargs = named(names, values, by_keyword)
    history = student.train(*args, **kwargs)
    found = {"history": history, "events": events[:20], **plain(states_of(parts))}
    return {**found, "is-there": os.path.exists(path)}


def drawn_samples(draw: Draw, start: State, most: int = 3) -> dict[str, Any]:
    """Some batches of one size, each with two samples or more: of one there is no variance."""
    (_hidden, n_in), n_out = start["0.weight"].shape, len(start["3.bias"])
    size, batches = draw.size("batch", 2, 8), draw.count("batches", 2, most)
    n = size * batches
    return {"samples": [draw.normal(n, n_in), draw.uniform(0, 1, n, n_out)], "size": size}


@rounds("published", "equal", "large")
@points(1)
def test_train(student: Student, draw: Draw) -> None:
    """Without a file, `train` takes a step for each batch and one of the schedule for each epoch."""
    plan, (start, _other) = drawn_plan(draw)
    data = drawn_samples(draw, start)
    by_keyword, as_path = draw.choice("call", CALLS)
    epochs = draw.count("epochs", 2, 7)
    given = {"plan": plan, "start": start, "epochs": epochs, **data}
    got = student.run(train_it, **given, by_keyword=by_keyword, as_path=as_path)
    loader = loader_of(data["samples"], data["size"], False)

    def by_hand(mistake: str = "", count: int = epochs, own: Any = None) -> tuple[Any, Any]:
        parts = workshop(plan, start)
        for parameter in parts[0].parameters():
            parameter.grad = torch.ones_like(parameter)
        losses = trained(parts, loader, count, mistake, own)
        return plain(states_of(parts)), losses

    def state_by_hand(mistake: str) -> Any:
        return by_hand(mistake)[0]

    expected, losses = by_hand()
    wrong: dict[Cause, Callable[[], Any]] = {
        cause: partial(state_by_hand, mistake) for cause, mistake in why.TRAINED.items()
    }
    # of the model alone: where it is right, so is the number of epochs
    others: dict[Cause, Callable[[], Any]] = {
        explain.FEWER: lambda: by_hand(count=epochs - 1)[0],
        why.ONE_MORE: lambda: by_hand(count=epochs + 1)[0],
        why.OWN_CRITERION: lambda: by_hand(own=nn.MSELoss())[0],
        why.SWAPPED: lambda: by_hand(own=lambda outputs, labels: criterion()(labels, outputs))[0],
    }

    def causes_of(key: str) -> dict[Cause, Any]:
        order, named = {}, wrong
        if key == "model":
            order, named = order_causes(got["events"], by_hand("no-step")[0][key]), wrong | others
        return order | {cause: made()[key] for cause, made in named.items()}

    for key in PARTS:
        what = _("{what} after {epochs} epochs").format(epochs=epochs, what=told_of("", key))
        expect_close(got[key], expected[key], what, causes=partial(causes_of, key))
    means = [sum(each) / len(each) for each in losses]
    causes: dict[Cause, Any] = {
        why.LAST_LOSS: [each[-1] for each in losses],
        why.EVERY_BATCH: [loss for each in losses for loss in each],
        why.SUMS: [sum(each) for each in losses],
        why.LOSS_AFTER: lambda: [sum(each) / len(each) for each in by_hand("loss-after")[1]],
    }
    what, factors = _("the list of losses"), {"batch": data["size"]}
    expect_close(got["history"], means, what, dtype=draw.dtype, causes=causes, factors=factors)
    expect(got["is-there"], _("After train there is no file at `path`."))


@probe
def resume_it(
    student: Any,
    plan: Any,
    states: Any,
    samples: Any,
    size: int,
    shuffle: bool,
    epochs: int,
    stop: int,
    within: bool,
    seeds: list[int],
    by_default: bool,
) -> Any:
    import contextlib
    import os

    usual = criterion()

    def go(parts: Any, epochs: int, path: Any, measure: Any = usual) -> Any:
        with samples[0].device if by_default else contextlib.nullcontext():
            return student.train(parts[0], measure, *parts[1:], loader, epochs, path)

    loader = loader_of(samples, size, shuffle)
    whole = workshop(plan, states[0])
    torch.manual_seed(seeds[0])
    history = go(whole, epochs, new_path())
    undisturbed = plain(states_of(whole))
    path, first = new_path(), workshop(plan, states[0])
    torch.manual_seed(seeds[0])
    if within:
        with contextlib.suppress(ArithmeticError):
            go(first, epochs, path, Stopping(stop * len(loader) + 1))
    else:
        go(first, stop, path)
    found = {"history": history, "undisturbed": undisturbed, "is-there": os.path.exists(path)}
    again = workshop(plan, states[1])
    for parameter in again[0].parameters():
        parameter.grad = torch.ones_like(parameter)  # from earlier work
    torch.manual_seed(seeds[1])
    found["resumed"] = go(again, epochs, path)
    found["after"] = plain(states_of(again))
    # where nothing is left to do, new objects get what is in the file as well
    last = workshop(plan, states[1])
    found["nothing"] = go(last, epochs, path)
    found["at-the-end"] = plain(states_of(last))
    found["again"] = go(again, epochs, path)
    if not within:  # once is enough
        return {"one-left": 1, "went-on": False, "ran": False, **found}
    # a file from elsewhere, with one epoch left, and one that is refused
    path = new_path()
    write(path, whole, epochs - 1)
    found["one-left"] = len(go(workshop(plan, states[1]), epochs, path))
    path = new_path()
    made = write_a_program(path, whole)
    with contextlib.suppress(Exception):
        go(workshop(plan, states[1]), epochs, path)
        found["went-on"] = not os.path.isdir(made)
    return {"went-on": False, "ran": os.path.isdir(made), **found}


def drawn_resuming(draw: Draw, shuffle: bool, dropout: float, most: int = 2) -> dict[str, Any]:
    """A training that is stopped; `most`: after how many epochs at most."""
    plan, states = drawn_plan(draw, dropout)
    data = drawn_samples(draw, states[0], most=2)
    stop = draw.count("stop", 1, most)
    draw.drawn["epochs"] = f"epochs = {stop + 2}"
    seeds = [draw.seed(), draw.seed()]
    given = {"plan": plan, "states": states, "seeds": seeds, "shuffle": shuffle}
    return {**given, "stop": stop, "epochs": stop + 2, **data}


def expect_resumed(
    student: Student, given: dict[str, Any], within: bool, by_default: bool = False
) -> None:
    """That a training that was stopped gives what the same one gives that was not."""
    got = student.run(resume_it, **given, within=within, by_default=by_default)
    stop, epochs = given["stop"], given["epochs"]
    sentence = _("The training was stopped after {stop} epochs, and there is no file at `path`.")
    expect(got["is-there"], sentence.format(stop=stop), why.SAVED_LATE if within else "")
    history = as_reference(got["history"])
    whole = isinstance(history, list) and len(history) == epochs
    expect(whole, _("A training that is not stopped does not give a loss for each epoch."))
    made = cache(partial(resumed_by_hand, given))
    causes: dict[Cause, Any] = {
        cause: lambda mistake=mistake: made(mistake)[1] for cause, mistake in why.RESUMED.items()
    }
    what = _("the losses of the resumed training")
    dtype = given["states"][0]["0.weight"].dtype
    expect_close(got["resumed"], history[stop:], what, dtype=dtype, causes=causes)
    for key in PARTS:
        expected = as_reference(got["undisturbed"][key])
        causes = {
            cause: lambda mistake=mistake, key=key: made(mistake)[0][key]
            for cause, mistake in why.RESUMED.items()
        }
        expect_close(got["after"][key], expected, told_of("resumed", key), causes=causes)
    what = _("the list of losses of another call, when all {epochs} epochs are done").format(
        epochs=epochs
    )
    for name in ("nothing", "again"):
        expect_close(got[name], [], what)
    what = _("the model's state after that call")
    at_the_end, causes = got["at-the-end"]["model"], {why.NOTHING_LOADED: given["states"][1]}
    expect_close(at_the_end, as_reference(got["undisturbed"]["model"]), what, causes=causes)
    what = _("how many losses there are when the file says that all epochs but one are done")
    expect_close(got["one-left"], 1, what)
    sentence = _(
        "train goes on, and writes another file, where torch.load refuses the one that is there."
    )
    expect(not got["went-on"], sentence, why.LOADED_OVER)
    expect(not got["ran"], _("A program in the file was run when it was read."), why.UNPICKLED)


WAYS = {"between two epochs": False, "within an epoch": True}


@rounds("published", "ones", single=True)
@points(2)
@follows("save", "load", "load_generator", "train")
def test_resume(student: Student, draw: Draw) -> None:
    """A training that is stopped and resumed gives what one gives that was not stopped."""
    within = draw.choice("stopped", WAYS)
    expect_resumed(student, drawn_resuming(draw, shuffle=True, dropout=0.5), within)


@probe
def save_elsewhere(student: Any, plan: Any, start: Any) -> Any:
    """Where model and optimizer are when they have been saved, and what the file has."""
    parts, path = workshop(plan, start), new_path()
    walk(parts, 2)
    with start["0.weight"].device:
        student.save_checkpoint(path, *parts, 2)
    return {"after": plain(states_of(parts)), "problem": content(path)["problem"]}


@points(1)
@needs("save", "load", "resume")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """Model and optimizer stay on their device, whatever it is, and so does the generator's state on the CPU."""
    given = drawn_loading(draw)
    draw.tell_default(elsewhere.device)
    plan, (start, _other) = given["plan"], given["states"]
    got = elsewhere.run(save_elsewhere, plan=plan, start=start)
    expect(not got["problem"], _("torch.load(path, weights_only=True) refuses the file."))
    expected = walked(plan, start, 2)
    for key in ("model", "optimizer"):
        expect_close(got["after"][key], expected[key], told_of("saved", key))
    loaded = elsewhere.run(load_it, **given, by_default=True)
    expect_loaded(loaded, given)
    expect_numbers(loaded, given)
    resuming = drawn_resuming(draw, shuffle=False, dropout=0.0, most=1)
    expect_resumed(elsewhere, resuming, False, by_default=True)


HINTS = (
    """What does the next step depend on, besides the weights? Go through the line `optimizer.step()`, the
    rate that it uses, the dropout before it and the order of the batches, and ask of each where it is kept.""",
    """Each of the three objects has a `state_dict()` and a `load_state_dict(…)`, and the generator has
    `torch.get_rng_state()` and `torch.set_rng_state(…)`, whose state is always on the CPU. `load_checkpoint`
    fills the objects that it is given. With the number of epochs that are done, `range(start, epochs)` are
    those that are left.""",
    """Reading is

    ```python
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(checkpoint["model"])
    ```

    and so on. `load_state_dict` copies to where the model is. `train` begins with

    ```python
    start = load_checkpoint(path, model, optimizer, scheduler) if os.path.exists(path) else 0
    ```

    and an epoch ends with `scheduler.step()` and `save_checkpoint(path, model, optimizer, scheduler, epoch + 1)`.""",
)
COMPARE = """Another right way: write to a file beside it and let `os.replace` give that its name. A machine that stops
    while the checkpoint is being written has the one of before, then.

    On a GPU dropout draws from the GPU's own generator: `torch.cuda.get_rng_state_all()` belongs in the file
    as well, and to the last bit it is the same only with `torch.use_deterministic_algorithms(True)`. Whoever
    draws with `random` or NumPy keeps their states, too."""
