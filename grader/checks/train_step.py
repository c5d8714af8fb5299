"""The loop around model, criterion and optimizer: losses, updates, modes."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grader import (
    Cause,
    Criterion,
    Draw,
    Student,
    _,
    expect,
    expect_close,
    explain,
    follows,
    helper,
    listen,
    needs,
    network,
    order_causes,
    points,
    probe,
    rounds,
    train_by_hand,
)

LABELS_CUT = Cause("rounded", "The labels are made whole numbers; leave their dtype as it is.")
CLEARED_PER_EPOCH = Cause(
    "not-cleared", "The gradients are cleared once an epoch; clear them for each batch."
)
BATCH_MEANS = Cause(
    "batch-means",
    "It is the mean over the batches. The last batch is smaller, so weigh each batch's value with "
    "its number of samples.",
)
IN_EVAL = Cause("mode", "Call `model.train()` before the forward pass.")
IN_TRAIN = Cause("mode", "Call `model.eval()` before the forward passes.")
DROPOUT = Cause("mode", "Dropout was active: the model was not in evaluation mode.")
MODEL_MOVED = Cause(
    "device", "The model stays where it is: the batch goes to its parameters' device."
)
FINALLY = Cause("mode", "Restore the modes in a `finally:`, with the loader inside its `try:`.")
USED_UP = Cause(
    "used-up", "The loader is gone through before; a generator has nothing left after that."
)
NO_LAST_BATCH = Cause("last-batch-dropped", "The last batch, which is smaller, is left out.")
ONE_BATCH = Cause(
    "fewer-steps",
    "Each epoch trains on its first batch alone: look for a `break`, a `return` or a `next`.",
)
LAST_LOSS = Cause("last-batch-alone", "It is the loss of the last batch of each epoch.")
EVERY_BATCH = Cause(
    "every-batch", "There is an entry for every batch; one for each epoch is asked."
)
OWN_LOSSES = Cause(
    "every-batch", "The loss of each batch is an entry; the mean of each epoch is asked."
)
NOT_WEIGHTED = Cause(
    "not-weighted",
    "The batches' mean losses are summed and divided by the number of samples: weigh each with "
    "its number of samples.",
)
RUNNING = Cause("running-total", "The sums are not set back at the start of an epoch.")
BYPASSED = Cause(
    "optimizer-bypassed",
    "The steps are those of plain gradient descent: let `step()` of the optimizer that is given make them.",
)
NOT_MOVED = Cause(
    "optimizer-bypassed",
    "It has not moved: `backward()` fills the `.grad` of all that made the loss, and `step()` moves all with one.",
)
FIRST_EPOCH = Cause(
    "returned-early",
    "The steps are those of the first epoch alone: look for a `return`, for what is used up by then, and for `epochs`.",
)
FIRST_BATCH = Cause("returned-early", "It is that of the first batch alone.")
LAST_HITS = Cause("last-batch-alone", "Only the last batch's right answers are counted.")
LAST_SUM = Cause("last-batch-alone", "Only the last batch's losses are counted.")
LAST_SHARE = Cause("last-batch-alone", "It is that of the last batch alone.")
OWN_CRITERION = Cause(
    "own-criterion", "It is the plain cross-entropy; use the `criterion` that is given."
)

Batches = list[tuple[Tensor, Tensor]]


@helper
class Recorder(nn.Module):
    """Passes its input, a linear layer's output, through; notes its mode and whether gradients are recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[list[bool]] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append([self.training, x.requires_grad])
        return x


@helper
def build(weights: list[Tensor]) -> nn.Sequential:
    """A network of three layers, one of them within another module, with the given weights and biases."""
    (hidden, n_in), (n_out, _unused) = weights[0].shape, weights[4].shape
    inner = nn.Sequential(nn.Linear(hidden, hidden), nn.Tanh())
    model = nn.Sequential(
        nn.Linear(n_in, hidden), Recorder(), nn.Tanh(), inner, nn.Linear(hidden, n_out)
    ).to(weights[0])
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), weights, strict=True):
            parameter.copy_(value)
    return model


def draw_weights(draw: Draw) -> list[Tensor]:
    """Weights and biases for `build`; in the large round one of its outputs is large."""
    n_in, n_out = draw.size("n_in"), draw.size("n_out", low=2)
    hidden = draw.size("hidden", low=2, high=8)
    shapes = [(hidden, n_in), (hidden,), (hidden, hidden), (hidden,), (n_out, hidden), (n_out,)]
    weights = [draw.normal(*shape) / max(1, shape[-1] / 4) ** 0.5 for shape in shapes]
    if draw.round.name == "large":
        weights[5][0] += 300
    return weights


def draw_batches(draw: Draw, weights: list[Tensor], sizes: list[int]) -> Batches:
    """Batches for a classifier with these weights."""
    n_in, classes = weights[0].shape[1], len(weights[5])
    return [(draw.normal(size, n_in), draw.integers(0, classes, size)) for size in sizes]


def trained_in_all(seen: list[list[bool]]) -> bool:
    """Whether each pass was in training mode that records gradients; one without, to print something, is no step."""
    return {training for training, recorded in seen if recorded} == {True}


def values(model: nn.Module) -> list[Tensor]:
    return [parameter.detach() for parameter in model.parameters()]


@probe
def one_step(
    student: Any,
    weights: list[Tensor],
    inputs: Tensor,
    labels: Tensor,
    lr: float,
    stale: bool = False,
    by_keyword: bool = False,
) -> Any:
    model: Any = build(weights).eval()
    if stale:
        (10 * model(inputs)).sum().backward()
    model[1].seen.clear()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    given = {"model": model, "criterion": nn.MSELoss(), "optimizer": optimizer}
    given |= {"inputs": inputs, "labels": labels}
    events = listen(model, optimizer)
    loss = student.train_step(**given) if by_keyword else student.train_step(*given.values())
    found = {"loss": loss, "parameters": list(model.parameters())}
    return found | {"seen": model[1].seen, "events": events}


@probe
def step_of_network(
    student: Any, plan: Any, state: dict[str, Tensor], inputs: Tensor, labels: Tensor
) -> Any:
    """A step of another model, with the mode of each of its modules."""
    model, modes = network(plan, state).eval(), []
    for module in model.modules():
        module.register_forward_pre_hook(
            lambda each, _inputs: modes.append([each.training, torch.is_grad_enabled()])
        )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = student.train_step(model, nn.MSELoss(), optimizer, inputs, labels)
    return {"loss": loss, "parameters": list(model.parameters()), "modes": modes}


@probe
def step_of_criterion(student: Any, weights: list[Tensor], inputs: Tensor, labels: Tensor) -> Any:
    model, factor = build(weights), nn.Parameter(inputs.new_tensor(2.0))
    factor.grad = torch.full_like(factor, 5.0)
    optimizer = torch.optim.SGD([*model.parameters(), factor], lr=0.1)
    own = Criterion(lambda outputs, labels: factor * F.mse_loss(outputs, labels), factor)
    student.train_step(model, own, optimizer, inputs, labels)
    return factor


@probe
def with_a_broken_criterion(student: Any, name: str, weights: list[Tensor], batch: Any) -> Any:
    """A criterion that raises: whether `train_step`, or `train`, lets it be heard of."""

    def broken(_outputs: Any, _labels: Any) -> Any:
        raise ArithmeticError

    model = build(weights)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    given = batch if name == "train_step" else ([batch], 1)
    try:
        getattr(student, name)(model, Criterion(broken), optimizer, *given)
    except ArithmeticError:
        return torch.is_grad_enabled()
    return False


def expect_heard(student: Student, name: str, weights: list[Tensor], batch: Any) -> None:
    heard = student.run(with_a_broken_criterion, name=name, weights=weights, batch=batch)
    expect(heard, _("The criterion raised an exception, and it was kept back."))


@rounds(half=True)
@points(1)
def test_step(student: Student, draw: Draw) -> None:
    """`train_step` updates the parameters once and returns the loss before the update, as a float."""
    if draw.dtype == torch.bfloat16:
        return  # numpy has no such dtype, and a loss may become a float by way of it
    weights, n, size = draw_weights(draw), draw.size("n"), draw.magnitude("labels", zero=True)
    inputs = draw.layout("inputs", draw.normal(n, weights[0].shape[1]))
    labels = draw.layout("labels", size * draw.normal(n, len(weights[5])))
    by_keyword = draw.choice("by_keyword", [False, True])
    given = {"weights": weights, "inputs": inputs, "labels": labels}
    got = student.run(one_step, **given, lr=0.1, by_keyword=by_keyword)
    model, square = build(weights), nn.MSELoss()
    [loss] = train_by_hand(model, square, [(inputs, labels)], 0.1)
    losses: dict[Cause, Any] = {
        explain.NEW_FOR_OLD: square(model(inputs), labels).item(),
        LABELS_CUT: lambda: square(build(weights)(inputs), labels.long()).item(),
    }
    expect_close(got["loss"], loss, _("the loss returned"), dtype=draw.dtype, causes=losses)

    def walk(factor: float) -> list[Tensor]:
        pairs = zip(weights, values(model), strict=True)
        return [old + factor * (new - old) for old, new in pairs]

    causes: dict[Cause, Any] = order_causes(got["events"], weights)
    causes |= explain.step_causes(walk, 0.1, n)
    # they move by what labels and outputs say, and the terms of that may cancel
    options: dict[str, Any] = {"causes": causes, "scale": max(1.0, size)}
    expect_close(got["parameters"], values(model), _("parameters after the step"), **options)


@rounds("published", "ones", "equal")
@points(1)
@needs("step")
def test_step_clears_gradients(student: Student, draw: Draw) -> None:
    """Gradients from before the call do not leak into `train_step`."""
    weights = draw_weights(draw)
    inputs, labels = draw.normal(6, weights[0].shape[1]), draw.normal(6, len(weights[5]))
    got = student.run(one_step, weights=weights, inputs=inputs, labels=labels, lr=0.1, stale=True)
    model = build(weights)
    train_by_hand(model, nn.MSELoss(), [(inputs, labels)], 0.1)
    other = build(weights)
    (10 * other(inputs)).sum().backward()
    grads = [0 * p if p.grad is None else p.grad for p in other.parameters()]
    kept = [new - 0.1 * grad for new, grad in zip(values(model), grads, strict=True)]
    what = _("with gradients left over from before, parameters after the step")
    causes = {explain.NOT_CLEARED: kept}
    expect_close(got["parameters"], values(model), what, causes=causes)
    # a criterion may have parameters too: the optimizer knows them, the model does not
    got = student.run(step_of_criterion, weights=weights, inputs=inputs, labels=labels)
    after = 2 - 0.1 * F.mse_loss(build(weights)(inputs), labels).detach()
    what = _("a parameter of the criterion's, after the step")
    beside = {explain.NOT_CLEARED_BESIDE: after - 0.5, NOT_MOVED: torch.full_like(after, 2.0)}
    expect_close(got, after, what, causes=beside)


@rounds()
@points(1)
@needs("step")
def test_step_mode(student: Student, draw: Draw) -> None:
    """During `train_step` the model is in training mode, whatever mode it came in."""
    sentence = _("The model came in evaluation mode, and modules were still in it during the step.")
    n, n_in, n_out = draw.size("n", high=8), draw.size("n_in", high=8), draw.size("n_out", high=8)
    plan, state = draw.network(n_in, n_out)
    inputs = draw.inputs_of(plan, n)
    labels = draw.normal(*network(plan, state)(inputs).shape)
    got = student.run(step_of_network, plan=plan, state=state, inputs=inputs, labels=labels)
    expect(trained_in_all(got["modes"]), sentence, IN_EVAL)
    model = network(plan, state)
    [loss] = train_by_hand(model, nn.MSELoss(), [(inputs, labels)], 0.1)
    expect_close(got["loss"], loss, _("the loss returned"), dtype=draw.dtype)
    expect_close(got["parameters"], values(model), _("parameters after the step"))
    if not draw.round.is_published:
        return
    weights = draw_weights(draw)
    inputs, labels = draw.normal(6, weights[0].shape[1]), draw.normal(6, len(weights[5]))
    got = student.run(one_step, weights=weights, inputs=inputs, labels=labels, lr=0.1)
    expect(trained_in_all(got["seen"]), sentence, IN_EVAL)
    expect_heard(student, "train_step", weights, (inputs, labels))


@helper
def criterion() -> nn.Module:
    """Not the plain cross-entropy, so that whoever takes that instead of the argument is seen."""
    return nn.CrossEntropyLoss(label_smoothing=0.2)


@helper
class Stream:
    """An iterable that is neither a list nor has a length."""

    def __init__(self, batches: list[Any]) -> None:
        self.batches = batches

    def __iter__(self) -> Any:
        return iter(self.batches)


@helper
def loader_of(batches: list[Any], kind: str, beyond: int = 0) -> Any:
    """The batches as a list, a generator, a stream, or a DataLoader whose dataset has samples `beyond` them."""
    samples: Any = [sample for batch in batches for sample in zip(*batch, strict=True)]
    if kind == "DataLoader":
        given: Any = [*samples, *samples[:beyond]]
        size = len(batches[0][0])
        return torch.utils.data.DataLoader(given, size, drop_last=beyond > 0)
    return {"list": batches, "iterable": Stream(batches)}.get(kind, iter(batches))


@probe
def run_training(
    student: Any,
    weights: list[Tensor],
    batches: list[Any],
    epochs: int,
    kind: str,
    by_keyword: bool,
    again: bool,
) -> Any:
    model: Any = build(weights).eval()
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)  # from earlier work
    given = {"model": model, "criterion": criterion(), "loader": loader_of(batches, kind)}
    given["optimizer"] = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    events = listen(model, given["optimizer"])
    args = [given[name] for name in ("model", "criterion", "optimizer", "loader")]
    history = student.train(**given, epochs=epochs) if by_keyword else student.train(*args, epochs)
    found = {
        "history": history,
        "parameters": [p.detach().clone() for p in model.parameters()],
        "seen": model[1].seen,
        "events": events[:20],
        "then": [],
    }
    if again:
        found["then"] = student.train(*args, epochs)
    return found


# by what a loader is tried with, the epochs: a generator has nothing left after one
KINDS = {"list": 3, "DataLoader": 2, "iterable": 3, "generator": 1}


@rounds()
@points(2)
@follows("step", "step_clears_gradients", "step_mode")
def test_train(student: Student, draw: Draw) -> None:
    """`train` gives each epoch's mean loss per sample, and takes a step for every batch."""
    weights, n = draw_weights(draw), draw.size("n", low=3)
    count = draw.count("batches", 2, 8)
    sizes = [n] * (count - 1) + [max(1, n // 3)]
    kind = draw.choice("loader", list(KINDS))
    epochs = 7 if draw.round.ones == 0 else KINDS[kind]
    batches = draw_batches(draw, weights, sizes)
    by_keyword = draw.choice("by_keyword", [False, True])
    again = draw.round.is_published
    given: dict[str, Any] = {"weights": weights, "batches": batches, "kind": kind}
    given |= {"by_keyword": by_keyword, "again": again}
    got = student.run(run_training, **given, epochs=epochs)

    def walk(
        given: Batches, lr: float = 0.1, momentum: float = 0.9, own: bool = False, **more: Any
    ) -> tuple[list[Tensor], list[float]]:
        model, loss = build(weights), nn.CrossEntropyLoss() if own else criterion()
        losses = train_by_hand(model, loss, given, lr, momentum, **more)
        return values(model), losses

    everything, never = batches * epochs, 10**6
    expected, later = walk(everything)
    if again:
        later = walk(everything * 2)[1]
    causes: dict[Cause, Any] = order_causes(got["events"], weights) | {
        explain.NOT_UPDATED: weights,
        explain.NOT_CLEARED: lambda: walk(everything, old=1.0, kept=never)[0],
        explain.CLEARED_AFTER: lambda: walk(everything, old=1.0)[0],
        CLEARED_PER_EPOCH: lambda: walk(everything, kept=len(batches))[0],
        explain.TWICE: lambda: walk(everything, times=2)[0],
        BYPASSED: lambda: walk(everything, momentum=0.0)[0],
        explain.UPHILL: lambda: walk(everything, lr=-0.1)[0],
        NO_LAST_BATCH: lambda: walk(batches[:-1] * epochs)[0],
        ONE_BATCH: lambda: walk(batches[:1] * epochs)[0],
        explain.FEWER: lambda: walk(batches * (epochs - 1))[0],
        FIRST_EPOCH: lambda: walk(batches)[0],
        OWN_CRITERION: lambda: walk(everything, own=True)[0],
    }
    if kind == "generator":
        causes = {USED_UP: weights} | causes
    by_epoch = [later[place : place + count] for place in range(0, len(later), count)]
    sums = [sum(a * b for a, b in zip(own, sizes, strict=True)) for own in by_epoch]
    by_epoch, means_then = by_epoch[:epochs], [total / sum(sizes) for total in sums[epochs:]]
    means = [total / sum(sizes) for total in sums[:epochs]]
    curves = got["history"], means
    what = _("parameters after {epochs} epochs").format(epochs=epochs)
    expect_close(got["parameters"], expected, what, causes=causes, curves=curves)
    expect(trained_in_all(got["seen"]), _("The model was not in training mode."), IN_EVAL)
    running = [
        sum(a * b for a, b in zip(own[:count], sizes, strict=False)) / sum(sizes[:count])
        for own in by_epoch
        for count in range(1, len(own) + 1)
    ]
    means_until = [sum(sums[: epoch + 1]) / (sum(sizes) * (epoch + 1)) for epoch in range(epochs)]
    causes = {
        BATCH_MEANS: [sum(own) / len(own) for own in by_epoch],
        NOT_WEIGHTED: [sum(own) / sum(sizes) for own in by_epoch],
        LAST_LOSS: [own[-1] for own in by_epoch],
        EVERY_BATCH: running,
        OWN_LOSSES: [loss for own in by_epoch for loss in own],
        RUNNING: means_until,
        explain.CARRIED_ON: [sum(means[: epoch + 1]) for epoch in range(epochs)],
    }
    what = _("the list of losses")
    options: dict[str, Any] = {"factors": counts_of(sizes), "causes": causes, "curves": curves}
    # no more exact than float32: the mean of floats may come by way of a tensor of torch's default dtype
    expect_close(got["history"], means, what, dtype=torch.float32, **options)
    if again:
        what = _("the list of losses of a second call")
        expect_close(
            got["then"], means_then, what, dtype=torch.float32, causes={explain.STALE: means}
        )
        none = student.run(run_training, **given | {"again": False}, epochs=0)
        expect_close(none["history"], [], _("the list of losses of 0 epochs"))
        expect_close(none["parameters"], weights, _("parameters after 0 epochs"))
        expect_heard(student, "train", weights, batches[0])


def counts_of(sizes: list[int]) -> dict[str, float]:
    """By what a sum over the samples of these batches may be divided."""
    return {
        _("the number of samples"): sum(sizes),
        _("the number of batches"): len(sizes),
        _("the size of the last batch"): sizes[-1],
    }


@probe
def run_evaluation(
    student: Any, weights: list[Tensor], batches: list[Any], kind: str, by_keyword: bool = False
) -> Any:
    def stream() -> Any:
        yield from batches
        raise ArithmeticError

    model: Any = nn.Sequential(
        build(weights), nn.Dropout(0.5), nn.Sequential(nn.Dropout(0.5))
    ).train()
    model[1].eval()
    model[2].eval()
    model[2][0].train()
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    modes = [module.training for module in model.modules()]
    loader = stream() if kind == "raises" else loader_of(batches, kind, beyond=1)
    own = criterion()
    try:
        named = {"model": model, "criterion": own, "loader": loader}
        result = student.evaluate(**named) if by_keyword else student.evaluate(*named.values())
    except ArithmeticError:
        result = "the loader's exception"
    after, then = [module.training for module in model.modules()], None
    if kind == "list":  # the same objects, with other numbers in them
        kept = [parameter.detach().clone() for parameter in model.parameters()]
        for parameter in model.parameters():
            parameter.data.mul_(0.5)
        then = student.evaluate(model, own, loader)
        for parameter, value in zip(model.parameters(), kept, strict=True):
            parameter.data.copy_(value)
    return {
        "then": then,
        "result": result,
        "recording": torch.is_grad_enabled(),
        "restored": after == modes,
        "all": "evaluation" if not any(after) else "training" if all(after) else "",
        "seen": model[0][1].seen,
        "parameters": list(model.parameters()),
        "grads": [parameter.grad for parameter in model.parameters()],
    }


@rounds()
@points(2)
def test_evaluate(student: Student, draw: Draw) -> None:
    """`evaluate` gives the pair of floats (mean loss per sample, accuracy)."""
    weights, n = draw_weights(draw), draw.size("n", low=3)
    kind = draw.choice("loader", ["list", "DataLoader", "iterable", "generator"])
    count = draw.count("batches", 2, 8)
    # with samples that are left over, a DataLoader has full batches alone
    sizes = [n] * count if kind == "DataLoader" else [n] * (count - 1) + [max(1, n // 3)]
    if kind == "generator":
        sizes = [1]
    model, batches = build(weights), []
    for inputs, labels in draw_batches(draw, weights, sizes):
        # every other prediction is right, so that the accuracy is neither 0 nor 1 by chance
        labels[::2] = model(inputs).argmax(dim=1)[::2]
        batches.append((inputs, labels))
    by_keyword = draw.choice("by_keyword", [False, True])
    given = {"weights": weights, "batches": batches, "kind": kind}
    got = student.run(run_evaluation, **given, by_keyword=by_keyword)
    losses = [criterion()(model(inputs), labels).item() for inputs, labels in batches]
    loss = sum(a * b for a, b in zip(losses, sizes, strict=True)) / sum(sizes)
    hits = [(model(inputs).argmax(dim=1) == labels).sum().item() for inputs, labels in batches]
    result = got["result"]
    is_pair = isinstance(result, list | tuple) and len(result) == 2
    expect(is_pair, _("evaluate does not return a pair (mean loss per sample, accuracy)."))
    own = [F.cross_entropy(model(x), labels).item() for x, labels in batches]
    share = sum(hits) / sum(sizes)
    causes: dict[Cause, Any] = {
        BATCH_MEANS: sum(losses) / len(losses),
        NOT_WEIGHTED: sum(losses) / sum(sizes),
        FIRST_BATCH: losses[0],
        LAST_SUM: losses[-1] * sizes[-1] / sum(sizes),
        OWN_CRITERION: sum(a * b for a, b in zip(own, sizes, strict=True)) / sum(sizes),
        explain.SWAPPED: share,
    }
    if any(training for training, _ in got["seen"]):
        causes = {DROPOUT: ...}
    elif kind == "generator" and result[0] == 0:
        causes = {USED_UP: ...}
    factors = counts_of(sizes) | {_("the number of outputs"): sum(sizes) * len(weights[5])}
    options: dict[str, Any] = {"factors": factors, "causes": causes}
    expect_close(result[0], loss, _("the mean loss"), dtype=draw.dtype, **options)
    pairs = [(model(inputs), labels) for inputs, labels in batches]
    over_batch = [(out.argmax(0)[: len(y)] == y[: out.shape[1]]).sum().item() for out, y in pairs]
    causes = {
        BATCH_MEANS: sum(a / b for a, b in zip(hits, sizes, strict=True)) / len(sizes),
        explain.PERCENT: 100 * share,
        explain.ARGMIN: sum((out.argmin(1) == y).sum().item() for out, y in pairs) / sum(sizes),
        explain.OVER_BATCH: sum(over_batch) / sum(sizes),
        FIRST_BATCH: hits[0] / sizes[0],
        LAST_HITS: hits[-1] / sum(sizes),
        LAST_SHARE: hits[-1] / sizes[-1],
    }
    options["causes"] = causes
    expect_close(result[1], share, _("the accuracy"), dtype=torch.float32, **options)
    if kind == "list":
        halved = build([0.5 * weight for weight in weights])
        later = [criterion()(halved(inputs), labels).item() for inputs, labels in batches]
        loss = sum(a * b for a, b in zip(later, sizes, strict=True)) / sum(sizes)
        what = _("the mean loss of a second call, after the parameters were halved")
        expect_close(
            got["then"][0], loss, what, dtype=draw.dtype, causes={explain.STALE: result[0]}
        )


@points(1)
def test_evaluate_changes_nothing(student: Student, draw: Draw) -> None:
    """`evaluate` runs in evaluation mode, records no gradients, and leaves parameters and `.grad` alone."""
    weights = draw_weights(draw)
    batches = draw_batches(draw, weights, [3, 2])
    got = student.run(run_evaluation, weights=weights, batches=batches, kind="list")
    expect(
        not any(training for training, _ in got["seen"]),
        _("The model was in training mode during evaluate."),
        IN_TRAIN,
    )
    expect(
        not any(recorded for _, recorded in got["seen"]),
        _("Gradients were recorded during evaluate."),
        _("Wrap the loop in `with torch.no_grad():`."),
    )
    cause = _("`set_grad_enabled(False)` stays; use `with torch.no_grad():`.")
    expect(got["recording"], _("After evaluate torch records no gradients any more."), cause)
    expect_close(got["parameters"], weights, _("parameters after evaluate"))
    expect_close(got["grads"], [torch.ones_like(w) for w in weights], _(".grad after evaluate"))


@points(1)
def test_evaluate_restores_modes(student: Student, draw: Draw) -> None:
    """After `evaluate` every module is in the mode it was in, also when the loader raises."""
    weights = draw_weights(draw)
    batches = draw_batches(draw, weights, [3, 2])
    got = student.run(run_evaluation, weights=weights, batches=batches, kind="list")
    sentence = _(
        "Some modules were in evaluation mode before and others not; afterwards they are "
        "in another mode than they were."
    )
    expect(got["restored"], sentence, explain.MODES_LEFT.get(got["all"], ""))
    got = student.run(run_evaluation, weights=weights, batches=batches, kind="raises")
    heard = got["result"] == "the loader's exception"
    expect(heard, _("The loader raises after its last batch, and evaluate ends as if it did not."))
    sentence = _("The loader raised an exception, and the modules were left in evaluation mode.")
    expect(got["restored"], sentence, FINALLY)


@probe
def train_elsewhere(student: Any, weights: list[Tensor], batches: Any) -> Any:
    """All three functions on a model that is on a device, with batches that are on the CPU."""
    model: Any = build(weights)
    loader = [(inputs.cpu(), labels.cpu()) for inputs, labels in batches]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = student.train_step(model, criterion(), optimizer, *loader[0])
    history = student.train(model, criterion(), optimizer, loader, 1)
    found = {
        "loss": loss,
        "history": history,
        "parameters": [p.detach().clone() for p in model.parameters()],
        "evaluation": student.evaluate(model, criterion(), loader),
        "moved": next(model.parameters()).device != weights[0].device,
    }
    with torch.device(weights[0].device):  # nothing changes where that is the default one
        student.train_step(model, criterion(), optimizer, *loader[0])
        student.train(model, criterion(), optimizer, loader, 1)
        student.evaluate(model, criterion(), loader)
    return found


@points(1)
@needs("step", "train", "evaluate")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """The batches are moved to the device of the model's parameters, in all three functions."""
    weights = draw_weights(draw)
    batches = draw_batches(draw, weights, [4, 1])
    got = elsewhere.run(train_elsewhere, weights=weights, batches=batches)
    model = build(weights)
    first, *losses = train_by_hand(model, criterion(), [batches[0], *batches], 0.1)
    expect(not got["moved"], _("The model is on another device than before."), MODEL_MOVED)
    expect_close(got["loss"], first, _("the loss that train_step returned"), dtype=draw.dtype)
    expect_close(got["parameters"], values(model), _("the parameters after train_step and train"))
    mean = (4 * losses[0] + losses[1]) / 5
    expect_close(got["history"], [mean], _("the list of losses"), dtype=torch.float32)
    after = [criterion()(model(inputs), labels).item() for inputs, labels in batches]
    hits = [(model(inputs).argmax(dim=1) == labels).sum().item() for inputs, labels in batches]
    expected = ((4 * after[0] + after[1]) / 5, sum(hits) / 5)
    expect_close(got["evaluation"], expected, _("what evaluate returned"), dtype=torch.float32)


HINTS = (
    """A step has an order: training mode, the batch to the device, prediction, loss, the old gradients
    cleared, `backward`, the optimizer's step. Which of these does `evaluate` do without, and what does it
    have to put back when it is done?""",
    """`next(model.parameters()).device` is where a batch belongs. For a mean per sample, add up
    `loss * len(inputs)` and divide by the number of samples at the end. Before `model.eval()`, note
    `module.training` for each of `model.modules()`: a `model.train()` afterwards would also wake the
    modules that were in evaluation mode before.""",
    """`train_step` ends with `optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()` and
    `return loss.item()`. And `evaluate`:

    ```python
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            for inputs, labels in loader:
                ...
    finally:
        for module, mode in modes.items():
            module.training = mode
    ```

    with `(outputs.argmax(dim=1) == labels).sum().item()` right answers in a batch.""",
)
COMPARE = """Another right way: clear the gradients after the step and not before it; both are right as long as each
    step has its own. `optimizer.zero_grad()` sets them to None, which saves memory and a pass over it.

    Libraries such as Lightning wrap just this loop. What they add is around it: logging, checkpoints, several
    devices."""
