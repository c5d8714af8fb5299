"""The loop around model, criterion and optimizer: losses, updates, modes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader import Draw, Student, _, expect, expect_close, helper, needs, points, probe

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
    """A network of two layers with the given weights and biases."""
    (hidden, n_in), (n_out, _unused) = weights[0].shape, weights[2].shape
    model = nn.Sequential(
        nn.Linear(n_in, hidden), Recorder(), nn.Tanh(), nn.Linear(hidden, n_out)
    ).to(weights[0])
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), weights, strict=True):
            parameter.copy_(value)
    return model


def draw_weights(draw: Draw, n_in: int = 3, n_out: int = 4) -> list[Tensor]:
    return [draw.normal(5, n_in), draw.normal(5), draw.normal(n_out, 5), draw.normal(n_out)]


def draw_batches(draw: Draw, sizes: list[int], classes: int = 4) -> Batches:
    """Batches for a classifier, as `draw_weights` makes it."""
    return [(draw.normal(size, 3), draw.integers(0, classes, size)) for size in sizes]


def train_by_hand(
    model: nn.Module, criterion: nn.Module, batches: Batches, lr: float, momentum: float = 0.0
) -> list[float]:
    """Gradient descent with autograd, a step per batch; the losses before each step."""
    parameters = list(model.parameters())
    velocities = [torch.zeros_like(parameter) for parameter in parameters]
    losses = []
    for inputs, labels in batches:
        loss = criterion(model(inputs), labels)
        grads = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, velocity, grad in zip(parameters, velocities, grads, strict=True):
                velocity.mul_(momentum).add_(grad)
                parameter.sub_(lr * velocity)
        losses.append(loss.item())
    return losses


def values(model: nn.Module) -> list[Tensor]:
    return [parameter.detach() for parameter in model.parameters()]


@probe
def one_step(
    student: Any, weights: list[Tensor], inputs: Tensor, labels: Tensor, lr: float, stale: bool
) -> Any:
    model: Any = build(weights).eval()
    if stale:
        (10 * model(inputs)).sum().backward()
    model[1].seen.clear()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    loss = student.train_step(model, nn.MSELoss(), optimizer, inputs, labels)
    return {"loss": loss, "parameters": list(model.parameters()), "seen": model[1].seen}


@pytest.mark.parametrize("n", [6, 1])
@points(2)
def test_step(student: Student, draw: Draw, n: int) -> None:
    """`train_step` updates the parameters once and returns the loss before the update, as a float."""
    weights, inputs, labels = draw_weights(draw), draw.normal(n, 3), draw.normal(n, 4)
    got = student.run(one_step, weights=weights, inputs=inputs, labels=labels, lr=0.1, stale=False)
    model = build(weights)
    [loss] = train_by_hand(model, nn.MSELoss(), [(inputs, labels)], 0.1)
    expect_close(got["loss"], loss, _("the loss returned"), dtype=draw.dtype)
    expect_close(got["parameters"], values(model), _("parameters after the step"))


@points(1)
@needs("step")
def test_step_clears_gradients(student: Student, draw: Draw) -> None:
    """Gradients from before the call do not leak into `train_step`."""
    weights, inputs, labels = draw_weights(draw), draw.normal(6, 3), draw.normal(6, 4)
    got = student.run(one_step, weights=weights, inputs=inputs, labels=labels, lr=0.1, stale=True)
    model = build(weights)
    train_by_hand(model, nn.MSELoss(), [(inputs, labels)], 0.1)
    try:
        expect_close(got["parameters"], values(model), _("parameters after the step"))
    except Exception as error:
        expect(
            False,
            _("With gradients left over from before: {error}").format(error=error),
            _(
                "The old gradients are added to the new ones: call `optimizer.zero_grad()` "
                "before `loss.backward()`."
            ),
        )


@points(1)
@needs("step")
def test_step_mode(student: Student, draw: Draw) -> None:
    """During `train_step` the model is in training mode, whatever mode it came in."""
    got = student.run(
        one_step,
        weights=draw_weights(draw),
        inputs=draw.normal(6, 3),
        labels=draw.normal(6, 4),
        lr=0.1,
        stale=False,
    )
    expect(
        bool(got["seen"]) and all(training for training, _ in got["seen"]),
        _("The model came in evaluation mode and was still in it during the step."),
        _("Call `model.train()` before the forward pass."),
    )


@helper
def criterion() -> nn.Module:
    """Not the plain cross-entropy, so that whoever takes that instead of the argument is seen."""
    return nn.CrossEntropyLoss(label_smoothing=0.2)


@probe
def run_training(
    student: Any, weights: list[Tensor], batches: list[Any], lr: float, epochs: int, kind: str
) -> Any:
    class Stream:
        """An iterable that is neither a list nor has a length."""

        def __iter__(self) -> Any:
            return iter(batches)

    loader: Any = batches
    if kind == "iterable":
        loader = Stream()
    elif kind == "generator":
        loader = (batch for batch in batches)
    elif kind == "DataLoader":
        samples: Any = [sample for batch in batches for sample in zip(*batch, strict=True)]
        size = len(batches[0][0])
        loader = torch.utils.data.DataLoader(samples, batch_size=size)
    model: Any = build(weights).eval()
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)  # from earlier work
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    history = student.train(model, criterion(), optimizer, loader, epochs)
    return {"history": history, "parameters": list(model.parameters()), "seen": model[1].seen}


@pytest.mark.parametrize(
    ("kind", "epochs"), [("list", 3), ("DataLoader", 2), ("iterable", 2), ("generator", 1)]
)
@points(2)
def test_train(student: Student, draw: Draw, kind: str, epochs: int) -> None:
    """`train` gives each epoch's mean loss per sample, and takes a step for every batch."""
    weights, sizes = draw_weights(draw), [4, 4, 1]
    batches = draw_batches(draw, sizes)
    got = student.run(
        run_training, weights=weights, batches=batches, lr=0.1, epochs=epochs, kind=kind
    )
    model = build(weights)
    losses = train_by_hand(model, criterion(), batches * epochs, 0.1, momentum=0.9)
    expected, careless = [], []
    for epoch in range(epochs):
        own = losses[3 * epoch : 3 * epoch + 3]
        expected.append(sum(a * b for a, b in zip(own, sizes, strict=True)) / sum(sizes))
        careless.append(sum(own) / len(own))
    expect_close(
        got["parameters"],
        values(model),
        _("parameters after {epochs} epochs").format(epochs=epochs),
    )
    expect(all(training for training, _ in got["seen"]), _("The model was not in training mode."))
    _expect_means(got["history"], expected, careless, _("the list of losses"), draw.dtype)


def _expect_means(
    got: Any, expected: list[float], careless: list[float], what: str, dtype: torch.dtype
) -> None:
    """Like `expect_close`, and knows the mean over batches when it sees it."""
    try:
        expect_close(got, expected, what, dtype=dtype)
    except Exception as error:
        same = isinstance(got, list) and all(
            isinstance(one, float) and abs(one - other) < 1e-4 * abs(other)
            for one, other in zip(got, careless, strict=False)
        )
        cause = getattr(error, "cause", "")
        if same and got:
            cause = _(
                "It is the mean over the batches. The last batch is smaller, so weigh each "
                "batch's loss with its number of samples."
            )
        expect(False, str(error), cause)


@probe
def run_evaluation(student: Any, weights: list[Tensor], batches: list[Any], kind: str) -> Any:
    class Broken(Exception):
        pass

    def stream() -> Any:
        yield from batches
        if kind == "raises":
            raise Broken

    model: Any = nn.Sequential(
        build(weights), nn.Dropout(0.5), nn.Sequential(nn.Dropout(0.5))
    ).train()
    model[1].eval()
    model[2].eval()
    model[2][0].train()
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    modes = [module.training for module in model.modules()]
    result = None
    try:
        result = student.evaluate(model, criterion(), batches if kind == "list" else stream())
    except Broken:
        result = "the loader's exception"
    return {
        "result": result,
        "recording": torch.is_grad_enabled(),
        "restored": [module.training for module in model.modules()] == modes,
        "seen": model[0][1].seen,
        "parameters": list(model.parameters()),
        "grads": [parameter.grad for parameter in model.parameters()],
    }


@pytest.mark.parametrize(("sizes", "kind"), [([4, 4, 1], "list"), ([1], "generator")])
@points(2)
def test_evaluate(student: Student, draw: Draw, sizes: list[int], kind: str) -> None:
    """`evaluate` gives the pair of floats (mean loss per sample, accuracy)."""
    weights = draw_weights(draw)
    model, batches = build(weights), []
    for inputs, labels in draw_batches(draw, sizes):
        # every other prediction is right, so that the accuracy is neither 0 nor 1 by chance
        labels[::2] = model(inputs).argmax(dim=1)[::2]
        batches.append((inputs, labels))
    got = student.run(run_evaluation, weights=weights, batches=batches, kind=kind)
    losses = [criterion()(model(inputs), labels).item() for inputs, labels in batches]
    loss = sum(a * b for a, b in zip(losses, sizes, strict=True)) / sum(sizes)
    hits = [(model(inputs).argmax(dim=1) == labels).sum().item() for inputs, labels in batches]
    result = got["result"]
    expect(
        isinstance(result, list | tuple) and len(result) == 2,
        _("evaluate does not return a pair (mean loss per sample, accuracy)."),
    )
    careless = sum(losses) / len(losses)
    try:
        _expect_means([result[0]], [loss], [careless], _("[the mean loss]"), draw.dtype)
    except Exception as error:
        cause = getattr(error, "cause", "")
        if any(training for training, _ in got["seen"]):
            cause = _("Dropout was active: the model was not in evaluation mode.")
        expect(False, str(error), cause)
    expect_close(result[1], sum(hits) / sum(sizes), _("the accuracy"), dtype=torch.float32)


@points(1)
def test_evaluate_changes_nothing(student: Student, draw: Draw) -> None:
    """`evaluate` runs in evaluation mode, records no gradients, and leaves parameters and `.grad` alone."""
    weights, batches = draw_weights(draw), draw_batches(draw, [3, 2])
    got = student.run(run_evaluation, weights=weights, batches=batches, kind="list")
    expect(
        not any(training for training, _ in got["seen"]),
        _("The model was in training mode during evaluate."),
        _("Call `model.eval()` before the forward passes."),
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
    weights, batches = draw_weights(draw), draw_batches(draw, [3, 2])
    got = student.run(run_evaluation, weights=weights, batches=batches, kind="list")
    expect(
        got["restored"],
        _(
            "Some modules were in evaluation mode before and others not; afterwards they are "
            "in another mode than they were."
        ),
        _(
            "`model.train()` at the end sets every module; note each module's `training` "
            "beforehand."
        ),
    )
    got = student.run(run_evaluation, weights=weights, batches=batches, kind="raises")
    expect(
        got["result"] == "the loader's exception",
        _("The loader raised an exception, and evaluate kept it to itself."),
    )
    expect(
        got["restored"],
        _("The loader raised an exception, and the modules were left in evaluation mode."),
        _("Restore the modes in a `finally:` block."),
    )
