"""Freeze a model, give it a new head, train that alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grader import (
    Cause,
    Draw,
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

ALL_TRAIN = Cause("mode", "Frozen layers are in training mode: put them in `eval()`.")
ALL_EVAL = Cause("mode", "Layers that are trained are in evaluation mode.")
STATISTICS = Cause(
    "mode", "In training mode batch normalisation updates its statistics; put it in `eval()`."
)
FROZEN_MODE = Cause("mode", "A layer is frozen when none of its own parameters requires gradients.")


@helper
class Scaled(nn.Module):
    """A layer that has a parameter of its own and batch normalisation inside."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4))
        self.inner = nn.BatchNorm1d(4)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(x) * self.scale
        return out


@helper
class Mixed(nn.BatchNorm1d):
    """Batch normalisation that has another layer inside."""

    def __init__(self) -> None:
        super().__init__(4)
        self.inner = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(super().forward(self.inner(x)))


@helper
class Net(nn.Module):
    """A backbone with batch normalisation, a frozen part or not, and a linear head at `fc`."""

    def __init__(self, bias: bool = True) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.0)
        self.middle = nn.Sequential(Scaled(), Mixed(), nn.BatchNorm1d(4))
        self.fc = nn.Linear(4, 2, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.tanh(self.norm(self.first(x)))
        out: Tensor = self.fc(torch.tanh(self.middle(self.drop(hidden))))
        return out


@helper
class Block(nn.Module):
    """Two convolutions with batch normalisation, and a way past them. Without kinks, so that rounding stays small."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.past = nn.Sequential()
        if stride > 1:
            self.past.append(nn.Conv2d(channels, out, 1, stride, bias=False))
            self.past.append(nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.silu(self.bn1(self.conv1(x)))
        out: Tensor = F.silu(self.bn2(self.conv2(hidden)) + self.past(x))
        return out


@helper
class Residual(nn.Module):
    """A small residual network for images of 3 channels, such as those that come with pretrained weights."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 7, stride=4, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.layer1 = Block(4, 4, 1)
        self.layer2 = Block(4, 6, 2)
        self.fc = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.silu(self.bn1(self.conv1(x)))
        out: Tensor = self.fc(self.layer2(self.layer1(hidden)).mean((2, 3)))
        return out


@helper
def build(state: dict[str, Tensor]) -> Any:
    """The network with these parameters and running statistics: `Residual` or `Net`, whose names they have."""
    net = (Residual() if "conv1.weight" in state else Net()).to(state["fc.weight"])
    net.load_state_dict(state)
    return net


def draw_state(draw: Draw, network: Callable[[], nn.Module] = Net) -> dict[str, Tensor]:
    """Parameters and statistics away from their first values."""
    state = {}
    for name, value in network().state_dict().items():
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(3)
        elif name.endswith("running_var"):
            state[name] = draw.uniform(0.5, 2, *value.shape)
        elif value.dim() == 4:  # a sum over what one number of a convolution sees, of about 1
            state[name] = draw.normal(*value.shape) / value[0].numel() ** 0.5
        else:
            state[name] = draw.normal(*value.shape)
    return state


@probe
def freeze_it(student: Any) -> Any:
    net = Net()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    returned = student.freeze(net)
    another = Net()
    student.freeze(model=another)
    return {
        "another": [name for name, p in another.named_parameters() if p.requires_grad],
        "same": returned is net,
        "requiring": [name for name, p in net.named_parameters() if p.requires_grad],
        "count": len(list(net.parameters())),
        "kept": all(torch.equal(value, before[name]) for name, value in net.state_dict().items()),
    }


@rounds("published", "equal")
@points(1)
def test_freeze(student: Student) -> None:
    """After `freeze(model)` no parameter requires gradients; it returns the model."""
    got = student.run(freeze_it)
    expect(got["same"], _("freeze does not return the model that it was given."))
    for requiring in (got["requiring"], got["another"]):
        sentence = _("These parameters still require gradients: {requiring}.")
        expect(not requiring, sentence.format(requiring=requiring[:3]))
    expect(got["count"] == 15, _("freeze has removed parameters from the model."))
    expect(got["kept"], _("freeze has changed the values of parameters."))


@probe
def replace_it(student: Any, like: Tensor, bias: bool, frozen: bool, classes: int) -> Any:
    net = Net(bias).to(like)
    if frozen:
        for parameter in net.parameters():
            parameter.requires_grad = False
    old, backbone = net.fc, net.first
    args, kwargs = ([net, classes], {}) if frozen else ([], {"model": net, "num_classes": classes})
    returned = student.replace_head(*args, **kwargs)
    return {
        "same": returned is net,
        "new": net.fc is not old,
        "is linear": isinstance(net.fc, nn.Linear),
        "sizes": [getattr(net.fc, name, None) for name in ("in_features", "out_features")],
        "weight": getattr(net.fc, "weight", None),
        "bias": getattr(net.fc, "bias", None),
        "requires": [p.requires_grad for p in net.fc.parameters()],
        "backbone": net.first is backbone
        and all(p.requires_grad is not frozen for p in backbone.parameters()),
        "output": list(net.eval()(like).shape),
    }


@pytest.mark.parametrize(("bias", "frozen"), [(True, True), (False, False)])
@points(1)
def test_replace_head(student: Student, draw: Draw, bias: bool, frozen: bool) -> None:
    """`replace_head` puts a new `nn.Linear` at `model.fc`, in the old one's dtype, with a bias if that had one."""
    got = student.run(replace_it, like=draw.normal(5, 3), bias=bias, frozen=frozen, classes=7)
    expect(got["same"], _("replace_head does not return the model that it was given."))
    expect(got["new"] and got["is linear"], _("model.fc is not a new nn.Linear."))
    expect_close(got["sizes"], [4, 7], _("[in_features, out_features] of model.fc"))
    weight = got["weight"].tensor
    expect_close(got["weight"], weight.to(draw.dtype), "model.fc.weight")
    if bias:
        expect(got["bias"] is not None, _("The old head had a bias and the new one has none."))
        expect_close(got["bias"], got["bias"].tensor.to(draw.dtype), "model.fc.bias")
    else:
        expect(got["bias"] is None, _("The old head had no bias and the new one has one."))
    expect(all(got["requires"]), _("The parameters of the new head do not require gradients."))
    expect(got["backbone"], _("replace_head has changed other layers of the model."))
    expect_close(got["output"], [5, 7], _("the shape of the model's output"))


@probe
def list_trainable(student: Any) -> Any:
    net = Net()
    net.twice = net.middle[0].inner  # a layer that stands in two places
    for parameter in net.norm.parameters():
        parameter.requires_grad = False
    student.trainable_parameters(net)
    for parameter in net.middle[1].parameters():
        parameter.requires_grad = False
    got = student.trainable_parameters(model=net)
    kept = [p for p in net.parameters() if p.requires_grad]
    is_list = isinstance(got, list)
    frozen = student.trainable_parameters(nn.Linear(2, 2).requires_grad_(False))
    same = is_list and len(got) == len(kept) and {id(p) for p in got} == {id(p) for p in kept}
    return {"is list": is_list, "same": same, "none": len(list(frozen))}


@rounds("published", "equal")
@points(1)
def test_trainable_parameters(student: Student) -> None:
    """`trainable_parameters(model)` is the list of the parameters that require gradients."""
    got = student.run(list_trainable)
    expect(got["is list"], _("trainable_parameters does not return a list."))
    expect(got["same"], _("It is not the list of exactly those parameters that require gradients."))
    expect(got["none"] == 0, _("For a model that is all frozen the list is not empty."))


@probe
def one_step(
    student: Any, state: Any, frozen: list[str], inputs: Tensor, labels: Tensor, lr: float, how: str
) -> Any:
    net = build(state)
    kept = [p for name, p in net.named_parameters() if name.startswith(tuple(frozen))]
    for parameter in kept:
        parameter.requires_grad_(False)
    net.train(how != "eval")
    if how != "residual":
        net.middle[2].eval()
        net.drop.train()
    if how == "stale":
        for parameter in net.parameters():
            parameter.grad = torch.full_like(parameter, 3.0)
    seen: dict[str, bool] = {}

    def note(name: str) -> Any:
        return lambda module, *_: seen.update({name: module.training})

    for name, module in net.named_modules():
        if name:
            module.register_forward_pre_hook(note(name))
    modes = [module.training for module in net.modules()]
    # the optimizer holds the frozen parameters as well, and moves whatever has a gradient, of 0 too
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, weight_decay=0.5 * (how == "stale"))
    given = {"model": net, "criterion": nn.CrossEntropyLoss(), "optimizer": optimizer}
    given |= {"inputs": inputs, "labels": labels}
    args, kwargs = ([], given) if how == "eval" else ([*given.values()], {})
    loss = student.fine_tune_step(*args, **kwargs)
    return {
        "loss": loss,
        "state": dict(net.state_dict()),
        "restored": [module.training for module in net.modules()] == modes,
        "seen": seen,
        "frozen": [p.requires_grad for p in kept],
    }


def reference(
    state: dict[str, Tensor],
    inputs: Tensor,
    labels: Tensor,
    lr: float,
    mode: str = "",
    old: float = 0.0,
    decay: float = 0.0,
) -> tuple[float, dict[str, Tensor]]:
    """The loss, and the state after a step in which what `FROZEN` names is frozen.

    `mode`: of all layers, if they have one; `old`: gradients that are not cleared; `decay`: the optimizer's.
    """
    net: Any = build(state).train(mode != "eval")
    for name, module in net.named_modules():
        own = [f"{name}.{each}" for each in dict(module.named_parameters(recurse=False))]
        if not mode and own and all(each.startswith(FROZEN) for each in own):
            module.training = False
    trained = [value for name, value in net.named_parameters() if not name.startswith(FROZEN)]
    loss = nn.functional.cross_entropy(net(inputs), labels)
    grads = torch.autograd.grad(loss, trained)
    with torch.no_grad():
        for parameter, grad in zip(trained, grads, strict=True):
            parameter.sub_(lr * (grad + old + decay * parameter))
    return loss.item(), {name: value.clone() for name, value in net.state_dict().items()}


# of `Net`, where what is inside of `middle.0` and `middle.1` is trained, and of `Residual`
MIXED = ("middle.1.weight", "middle.1.bias", "middle.1.running", "middle.1.num")
FROZEN = ("first.", "norm.", "middle.0.scale", *MIXED, "conv1.", "bn1.", "layer1.")


def draw_step(draw: Draw, how: str) -> dict[str, Any]:
    """What a step begins with: a small network and a table, or a residual one and images."""
    if how == "residual":
        state, inputs = draw_state(draw, Residual), draw.normal(4, 3, 64, 64)
        return {"state": state, "inputs": inputs, "labels": draw.integers(0, 3, 4), "lr": 0.1}
    state, inputs = draw_state(draw), draw.normal(6, 3)
    return {"state": state, "inputs": inputs, "labels": draw.integers(0, 2, 6), "lr": 0.1}


@pytest.mark.parametrize("how", ["train", "eval", "stale", "residual"])
@points(2)
def test_step(student: Student, draw: Draw, how: str) -> None:
    """`fine_tune_step` updates what is trainable once, and returns the loss before it as a float."""
    given = draw_step(draw, how)
    got = student.run(one_step, **given, frozen=list(FROZEN), how=how)
    step = partial(reference, **given, decay=0.5 * (how == "stale"))
    loss, after = step()

    def other(index: int, **mistake: Any) -> Callable[[], Any]:
        return lambda: step(**mistake)[index]

    losses: dict[Cause, Any] = {
        explain.NEW_FOR_OLD: lambda: step(state=after)[0],
        ALL_TRAIN: other(0, mode="train"),
        ALL_EVAL: other(0, mode="eval"),
    }
    expect_close(got["loss"], loss, _("the loss returned"), dtype=draw.dtype, causes=losses)
    trained = {name: value for name, value in after.items() if not name.startswith(FROZEN)}
    causes = {
        explain.NOT_CLEARED: other(1, old=3.0),
        ALL_TRAIN: other(1, mode="train"),
        ALL_EVAL: other(1, mode="eval"),
        explain.NOT_UPDATED: given["state"],
    }
    expect_close(got["state"], trained, _("after the step, state_dict()"), causes=causes)


@pytest.mark.parametrize("how", ["train", "stale", "residual"])
@points(2)
def test_step_keeps_what_is_frozen(student: Student, draw: Draw, how: str) -> None:
    """Frozen parameters, and the running statistics of frozen batch normalisation, stay exactly as they were."""
    given = draw_step(draw, how)
    got = student.run(one_step, **given, frozen=list(FROZEN), how=how)
    for name, value in given["state"].items():
        if name.startswith(FROZEN):
            same = name in got["state"] and torch.equal(got["state"][name].tensor, value.cpu())
            expect(
                same,
                _("The step has changed {name}.").format(name=name),
                STATISTICS if "running" in name else "",
            )
    expect(not any(got["frozen"]), _("After the step frozen parameters require gradients again."))


@points(1)
def test_step_modes(student: Student, draw: Draw) -> None:
    """During the step frozen layers behave as in evaluation mode and the other layers as in training mode."""
    given = draw_step(draw, "train")
    for how in ("train", "eval"):
        got = student.run(one_step, **given, frozen=list(FROZEN), how=how)
        # what other layers give does not depend on their modes, which are free
        for name in ("norm", "middle.0.inner", "middle.1", "middle.2"):
            wanted = name not in ("norm", "middle.1")
            sentence = _("During the step the layer {name} is not in evaluation mode.")
            if wanted:
                sentence = _("During the step the layer {name} is not in training mode.")
            expect(
                got["seen"].get(name) is wanted,
                sentence.format(name=name),
                ALL_EVAL if wanted else FROZEN_MODE,
            )


@probe
def broken_step(student: Any, state: Any, inputs: Tensor, labels: Tensor, lr: float) -> Any:
    import contextlib

    def criterion(outputs: Tensor, labels: Tensor) -> Tensor:
        raise ArithmeticError("a criterion that fails")

    net = build(state)
    net.first.requires_grad_(False)
    net.middle.eval()
    modes = [module.training for module in net.modules()]
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    with contextlib.suppress(ArithmeticError):
        student.fine_tune_step(net, criterion, optimizer, inputs, labels)
    return [module.training for module in net.modules()] == modes


@points(1)
def test_step_restores_modes(student: Student, draw: Draw) -> None:
    """After the step every module is in the mode it was in, also when the step raises."""
    given = draw_step(draw, "train")
    for how in ("train", "eval"):
        got = student.run(one_step, **given, frozen=list(FROZEN), how=how)
        expect(
            got["restored"],
            _("After the step some modules are in another mode than before."),
            explain.NOTE_MODES,
        )
    expect(
        student.run(broken_step, **given),
        _("After a step that raised some modules are in another mode than before."),
        _("Put the modes back in a `finally`."),
    )


@points(1)
@needs("replace_head", "step")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """Works on any device: the new head is where the old one was."""
    test_replace_head(elsewhere, draw, bias=True, frozen=False)
    test_step(elsewhere, draw, "train")
    test_step_keeps_what_is_frozen(elsewhere, draw, "train")
    test_step(elsewhere, draw, "residual")


HINTS = (
    """Two things can move in a step: parameters, by the optimizer, and the running statistics of batch
    normalisation, by the forward pass. What stops the one, and what the other?""",
    """A layer's own parameters are `module.parameters(recurse=False)`. Set `module.training` of each module
    by itself, since `train()` and `eval()` reach down to the children. Note all modes before, and put
    them back in a `finally`. `optimizer.zero_grad()` makes the old gradients `None`, and an optimizer
    skips a parameter without a gradient, weight decay and all.""",
    """```python
    for module in model.modules():
        own = list(module.parameters(recurse=False))
        frozen = bool(own) and not any(p.requires_grad for p in own)
        module.training = not frozen
    ```

    then prediction and loss, `zero_grad`, `backward`, `step`. The new head is `nn.Linear(old.in_features,
    num_classes, bias=old.bias is not None, device=old.weight.device, dtype=old.weight.dtype)`.""",
)
COMPARE = """Another right way: `model.requires_grad_(False)` freezes everything in one call, before the new head is
    put in, which requires gradients by itself.

    Optimizers skip parameters without a gradient; to hand over the trainable ones alone saves their state. A
    frozen batch norm still updates its running statistics in training mode: hence `eval()` for it."""
