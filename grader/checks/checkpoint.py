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

PICKLED = Cause(
    "pickled-whole",
    "`{key}` holds the whole object, which is a pickle that depends on the code of its class: save its `state_dict()`.",
)
NO_BUFFERS = Cause(
    "missing-term",
    "The parameters are there and the buffers are not, such as the running means of batch normalization: "
    "`state_dict()` holds both.",
)
EARLIER = Cause("stale", "It is what was saved at an earlier call: the file is to be overwritten.")
PLUS_ONE = Cause(
    "off-by-one", "It is 1 too many: the number of epochs that are done is asked, as it is given."
)
MINUS_ONE = Cause(
    "off-by-one", "It is 1 too few: the number of epochs that are done is asked, as it is given."
)
AT_FIRST = Cause("seed-for-state", "That is where the generator began, and not where it is.")
SEED = Cause(
    "seed-for-state",
    "That is a seed, which says where the generator began, and not where it is: `torch.get_rng_state()` says that.",
)
NOT_RESTORED = Cause(
    "not-restored", "It is as it was before the call: nothing in the file has come to it."
)
OTHER_TENSORS = Cause(
    "other-tensors",
    "The optimizer does not move the model any more: it holds the tensors that were there before, and the model has "
    "others. `load_state_dict` fills those that are there (without `assign=True`).",
)
RNG_LEFT = Cause(
    "rng-not-restored",
    "The generator is where it was before the call: `torch.set_rng_state` puts it back.",
)
RNG_SEEDED = Cause(
    "rng-not-restored",
    "The generator is seeded with {seed}; it is to be where it was, where `torch.set_rng_state` puts it.",
)
UNPICKLED = Cause(
    "unpickled",
    "`weights_only=False` runs whatever program is in the file: leave it at `weights_only=True`.",
)
KEPT_BACK = Cause("kept-back", "The exception is caught: let it raise.")
PER_BATCH = Cause(
    "schedule", "The schedule makes a step for each batch; one for each epoch is asked."
)
NO_SCHEDULE = Cause("schedule", "The schedule makes no step.")
SCHEDULE_FIRST = Cause(
    "schedule", "The schedule makes its step before those of the epoch; it belongs at the end."
)
SWAPPED = Cause("swapped", "It is `criterion(outputs, labels)`, in this order.")
OWN_CRITERION = Cause(
    "own-criterion", "It is the squared error; use the `criterion` that is given."
)
LAST_LOSS = Cause("last-batch-alone", "It is the loss of the last batch of each epoch.")
EVERY_BATCH = Cause(
    "every-batch", "There is an entry for every batch; the mean of each epoch is asked."
)
SUMS = Cause("no-mean", "It is the sum over the batches of an epoch; their mean is asked.")
ONE_MORE = Cause("one-too-many", "There is one epoch too many.")
STARTED_ANEW = Cause(
    "resumed-wrongly",
    "What is in the file comes back, and then all `epochs` are trained: those before the stop are to count.",
)
NEVER_LOADED = Cause("resumed-wrongly", "Nothing in the file comes back: the training begins anew.")
ONE_SKIPPED = Cause("off-by-one", "An epoch is skipped when the training is resumed.")
ONE_TWICE = Cause("off-by-one", "The last epoch before the stop is trained a second time.")
FORGOTTEN = {
    "model": Cause("forgotten-model", "The weights do not come back: it goes on from new ones."),
    "optimizer": Cause(
        "forgotten-optimizer",
        "The optimizer's state does not come back: what it keeps of the gradients begins anew.",
    ),
    "scheduler": Cause(
        "forgotten-scheduler",
        "The schedule's state does not come back: it counts its epochs from 0 again.",
    ),
    "rng": Cause(
        "rng-not-restored",
        "The generator's state does not come back: dropout and the order of the samples are others.",
    ),
    "optimizer+scheduler": Cause(
        "forgotten-optimizer", "Neither the optimizer's state comes back nor the schedule's."
    ),
}
SAVED_LATE = Cause(
    "saved-late", "The file is written when all epochs are done; write it after each of them."
)
SAVED_EARLY = Cause(
    "saved-early",
    "The file is written before the last step of the schedule, which is lost then: write it after that.",
)
HALF_SAVED = Cause(
    "saved-within",
    "The file holds a part of the epoch in which it was stopped, which is then trained again: write it between two "
    "epochs alone.",
)

Plan = dict[str, Any]
State = dict[str, Tensor]
# what probes use needs names of its own
workshop, walk, walked = checkpoints.workshop, checkpoints.walk, checkpoints.walked
states_of, plain, content = checkpoints.states_of, checkpoints.plain, checkpoints.content
new_path, named, write = checkpoints.new_path, checkpoints.named, checkpoints.write
criterion, loader_of = checkpoints.criterion, checkpoints.loader_of
Stopping = checkpoints.Stopping
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


def drawn_seed(draw: Draw) -> int:
    return int(draw.integers(0, 10**6, 1).item())


PARTS = ("model", "optimizer", "lr", "scheduler")
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
    return {"after": after, **content(path)}


def expect_content(got: Any, start: State) -> None:
    """That a file is of the form that is asked."""
    problem, keys = got["problem"], got.get("keys", [])
    expect(problem != "no-file", _("After save_checkpoint there is no file at `path`."))
    expect(problem != "unreadable", _("torch.load cannot read the file."))
    whole: Cause | str = PICKLED.of(key=keys[0]) if problem == "weights_only" and keys else ""
    expect(
        problem != "weights_only", _("torch.load(path, weights_only=True) refuses the file."), whole
    )
    sentence = _("In the file is {kind}; a dict is asked.").format(kind=(keys or [""])[0])
    expect(problem != "no-dict", sentence)
    sentence = _("The file has no entry {keys}.").format(keys=", ".join(map(repr, keys)))
    expect(problem != "missing", sentence)
    names = sorted(start)
    parameters = [name for name in names if "running" not in name and "num_batches" not in name]
    cause = NO_BUFFERS if got["names"] == parameters else ""
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
    seed, drawn = drawn_seed(draw), int(draw.integers(1, 9, 1).item())
    given = {"plan": plan, "start": start, "epochs": epochs, "seed": seed, "drawn": drawn}
    got = student.run(save_it, **given, call=draw.choice("call", CALLS))
    expect_content(got, start)
    entries, expected, before = got["entries"], walked(plan, start, saves), walked(plan, start, 1)
    for key in PARTS:
        what = told_of("file", key)
        expect_close(entries[key], expected[key], what, causes={EARLIER: before[key]})
    causes = {EARLIER: first, PLUS_ONE: epochs[1] + 1, MINUS_ONE: epochs[1] - 1}
    expect_close(entries["epoch"], epochs[1], 'file["epoch"]', causes=causes)
    generator = torch.Generator().manual_seed(seed)
    at_first = generator.get_state()
    for _epoch in epochs:
        torch.rand(drawn, generator=generator, dtype=student.default_dtype)
    state = generator.get_state()
    expect_state(entries["rng"], state, seed, at_first)
    for key in PARTS:
        expect_close(got["after"][key], expected[key], told_of("saved", key))
    expect_close(got["after"]["rng"], state, _("the generator's state after save_checkpoint"))


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


def expect_state(found: Any, expected: Tensor, seed: int, at_first: Tensor) -> None:
    """That a file holds this state of the generator."""
    sentence = _(
        'file["rng"] is not the state of the generator, which `torch.get_rng_state()` gives.'
    )
    expect(isinstance(found, Received), sentence, SEED if found == seed else "")
    expect_close(found, expected, 'file["rng"]', causes={AT_FIRST: at_first})


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
    return {**found, "loaded": loaded, "then": plain(states_of(parts))}


def drawn_loading(draw: Draw) -> dict[str, Any]:
    plan, states = drawn_plan(draw)
    seeds = [drawn_seed(draw), drawn_seed(draw)]
    epoch = draw.count("epoch", 2, 6)
    call = draw.choice("call", CALLS)
    return {"plan": plan, "states": states, "epoch": epoch, "seeds": seeds, "call": call}


def expect_loaded(got: Any, given: dict[str, Any]) -> None:
    """That all but the generator is as it was when the file was written, and that the optimizer moves the model."""
    plan, (start, other), epoch = given["plan"], given["states"], given["epoch"]
    expected, before = walked(plan, start, epoch), walked(plan, other, 1)
    expect(got["stays"], _("The model is on another device after load_checkpoint."))
    for key in PARTS:
        causes = {NOT_RESTORED: before[key]}
        expect_close(got["loaded"][key], expected[key], told_of("loaded", key), causes=causes)
    causes = {PLUS_ONE: epoch + 1, MINUS_ONE: epoch - 1}
    expect_close(got["epoch"], epoch, _("what load_checkpoint returns"), causes=causes)
    after = walked(plan, start, epoch + 1)
    what = _("the model's state one step after load_checkpoint")
    expect_close(
        got["then"]["model"], after["model"], what, causes={OTHER_TENSORS: expected["model"]}
    )
    what = _("the optimizer's state one step after load_checkpoint")
    expect_close(got["then"]["optimizer"], after["optimizer"], what)


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
    causes: dict[Cause, Any] = {RNG_LEFT: second}
    causes |= {RNG_SEEDED.of(seed=str(seed)): numbers_after(seed) for seed in (0, 1, 42, 1234)}
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

    class Program:
        def __reduce__(self) -> Any:
            return os.mkdir, (made,)

    path = new_path()
    made = f"{path}.ran"
    write(path, workshop(plan, states[0]), 1, note=Program())
    raised = False
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
    expect(not got["ran"], _("A program in the file was run when it was read."), UNPICKLED)
    sentence = _("The file holds a program, and load_checkpoint raises nothing.")
    expect(got["raised"], sentence, KEPT_BACK)


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

    expected, losses = by_hand()
    wrong: dict[Cause, Callable[[], Any]] = {
        explain.NOT_UPDATED: lambda: by_hand("no-step")[0],
        explain.NOT_CLEARED: lambda: by_hand("not-cleared")[0],
        PER_BATCH: lambda: by_hand("schedule-per-batch")[0],
        NO_SCHEDULE: lambda: by_hand("no-schedule")[0],
        SCHEDULE_FIRST: lambda: by_hand("schedule-first")[0],
        explain.FEWER: lambda: by_hand(count=epochs - 1)[0],
        ONE_MORE: lambda: by_hand(count=epochs + 1)[0],
        explain.TWICE: lambda: by_hand(count=2 * epochs)[0],
        OWN_CRITERION: lambda: by_hand(own=nn.MSELoss())[0],
        SWAPPED: lambda: by_hand(own=lambda outputs, labels: criterion()(labels, outputs))[0],
    }

    def causes_of(key: str) -> dict[Cause, Any]:
        order = order_causes(got["events"], by_hand("no-step")[0][key]) if key == "model" else {}
        return order | {cause: made()[key] for cause, made in wrong.items()}

    for key in PARTS:
        what = _("{what} after {epochs} epochs").format(epochs=epochs, what=told_of("", key))
        expect_close(got[key], expected[key], what, causes=partial(causes_of, key))
    means = [sum(each) / len(each) for each in losses]
    causes = {
        LAST_LOSS: [each[-1] for each in losses],
        EVERY_BATCH: [loss for each in losses for loss in each],
        SUMS: [sum(each) for each in losses],
    }
    expect_close(got["history"], means, _("the list of losses"), dtype=draw.dtype, causes=causes)
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
    torch.manual_seed(seeds[1])
    found["resumed"] = go(again, epochs, path)
    found["after"] = plain(states_of(again))
    # where nothing is left to do, new objects get what is in the file as well
    last = workshop(plan, states[1])
    found["nothing"] = go(last, epochs, path)
    return {**found, "at-the-end": plain(states_of(last))}


MISTAKES = {
    NEVER_LOADED: "never-loaded",
    STARTED_ANEW: "started-anew",
    ONE_SKIPPED: "skipped",
    ONE_TWICE: "twice",
    SAVED_EARLY: "saved-early",
    HALF_SAVED: "half-saved",
    **{cause: mistake for mistake, cause in FORGOTTEN.items()},
}


def drawn_resuming(draw: Draw, shuffle: bool, dropout: float, most: int = 2) -> dict[str, Any]:
    """A training that is stopped; `most`: after how many epochs at most."""
    plan, states = drawn_plan(draw, dropout)
    data = drawn_samples(draw, states[0], most=2)
    stop = draw.count("stop", 1, most)
    draw.drawn["epochs"] = f"epochs = {stop + 2}"
    seeds = [drawn_seed(draw), drawn_seed(draw)]
    given = {"plan": plan, "states": states, "seeds": seeds, "shuffle": shuffle}
    return {**given, "stop": stop, "epochs": stop + 2, **data}


def expect_resumed(
    student: Student, given: dict[str, Any], within: bool, by_default: bool = False
) -> None:
    """That a training that was stopped gives what the same one gives that was not."""
    got = student.run(resume_it, **given, within=within, by_default=by_default)
    stop, epochs = given["stop"], given["epochs"]
    sentence = _("The training was stopped after {stop} epochs, and there is no file at `path`.")
    expect(got["is-there"], sentence.format(stop=stop), SAVED_LATE if within else "")
    history = as_reference(got["history"])
    whole = isinstance(history, list) and len(history) == epochs
    expect(whole, _("A training that is not stopped does not give a loss for each epoch."))
    made = cache(partial(resumed_by_hand, given))
    causes: dict[Cause, Any] = {
        cause: lambda mistake=mistake: made(mistake)[1] for cause, mistake in MISTAKES.items()
    }
    what = _("the losses of the resumed training")
    dtype = given["states"][0]["0.weight"].dtype
    expect_close(got["resumed"], history[stop:], what, dtype=dtype, causes=causes)
    for key in PARTS:
        expected = as_reference(got["undisturbed"][key])
        causes = {
            cause: lambda mistake=mistake, key=key: made(mistake)[0][key]
            for cause, mistake in MISTAKES.items()
        }
        expect_close(got["after"][key], expected, told_of("resumed", key), causes=causes)
    what = _("the list of losses of a third call, when all {epochs} epochs are done").format(
        epochs=epochs
    )
    expect_close(got["nothing"], [], what)
    what = _("the model's state after that call")
    expect_close(got["at-the-end"]["model"], as_reference(got["undisturbed"]["model"]), what)


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
