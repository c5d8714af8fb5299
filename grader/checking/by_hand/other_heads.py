"""Networks whose bodies are alike and whose heads differ: loaded from one another, and frozen but for the head.

Here are the helpers of probes, and what the checks tell of what comes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from ...language import N_, _
from ..expectations import expect, expect_close
from ..outcome import Cause
from ..probes import helper
from .residual_nets import BATCH

# what `load_body` is asked for

HEAD_LOADED = Cause("head-loaded", "Leave out what begins with `fc.`, also where it would fit.")
OTHER_HEAD = Cause(
    "other-head",
    "It is neither what it was nor that of the state: the module `fc` is to be left alone.",
)
ALL_OF_FC = Cause(
    "other-names",
    "The head is what begins with `fc.`: `fc2.weight` and `block.fc.weight` are parts of the body.",
)
NOTHING_LOADED = Cause(
    "nothing-loaded", "All of the body holds the numbers that it had before the call."
)
NO_BUFFERS = Cause(
    "buffers",
    "The parameters are right, and the buffers are not: those of batch norm are in the state, too.",
)
NEW_TENSORS = Cause(
    "new-tensors",
    "The numbers are to be copied into the tensors that are there, which an optimizer may hold, as `load_state_dict` "
    "does unless it is told `assign=True`.",
)
STATE_CHANGED = Cause(
    "in-place", "It is the caller's dict: what you need goes into a new one, and it stays as it is."
)
VALUES_CHANGED = Cause(
    "in-place", "Its tensors hold other numbers than before: something works on them in place."
)
MISSING = Cause(
    "strict",
    "Ask whether `state` itself has each name of the model's body: what it lacks is not to be passed over or "
    "taken from elsewhere.",
)
TOO_MANY = Cause(
    "strict",
    "Ask whether the model has each name of `state`, but for those that begin with `fc.`.",
)
OTHER_SHAPE = Cause(
    "shapes",
    "Ask whether the shapes are equal: numbers can also be copied where they are as many, or where they broadcast.",
)
FAULTS = {
    "missing": (N_("load_body takes a state without `{name}`, which the model has."), MISSING),
    "extra": (N_("load_body takes a state with `{name}`, which the model does not have."), TOO_MANY),
    "shape": (
        N_("load_body takes a state in which `{name}` has shape {got}; that of the model has {wanted}."),
        OTHER_SHAPE,
    ),
}  # fmt: skip
# of the body of `Other`, all that a state may not lack
BODY = (
    *("conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"),
    *("block.fc.weight", "block.fc.bias", "fc2.weight", "fc2.bias"),
)
# what is done to an entry of a state that fits, and the shape that it has then
NOT_FITTING: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    *(("missing", name, ()) for name in BODY),
    ("extra", "fc3.weight", (2,)),
    ("extra", "block.1.weight", (2,)),
    ("shape", "fc2.weight", (5, 6)),
    *(("shape", name, (1,)) for name in BODY),
)


@helper
class Other(nn.Module):
    """A network with a head, whose body has layers that are called like it."""

    def __init__(self, head: Any) -> None:
        super().__init__()
        if head is not None:
            self.fc = head
        self.conv1 = nn.Conv2d(3, 4, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.block = nn.Sequential()
        self.block.fc = nn.Linear(4, 5)
        self.fc2 = nn.Linear(5, 6)
        # away from what all begin with, and from each other
        for value in self.state_dict().values():
            most = 7 if value.is_floating_point() else 10**6
            value.copy_(torch.rand_like(value, dtype=torch.float64) * most + 1)


@helper
def head_of(kind: str, classes: int, features: int = 6) -> Any:
    if kind == "none":
        return None
    linear = nn.Linear(features, classes, bias=kind != "biasless")
    return nn.Sequential(nn.Dropout(0.5), linear) if kind == "sequential" else linear


@helper
def values_of(net: Any) -> Any:
    return {name: value.clone() for name, value in net.state_dict().items()}


@helper
def body_of(values: Any) -> Any:
    """The names of the body."""
    return [name for name in values if not name.startswith("fc.")]


@helper
def unlike(one: Any, other: Any, names: Any) -> Any:
    """The names of what differs, but for the dtype."""
    return [n for n in names if not torch.equal(one[n], other[n].to(one[n]))]


@helper
def loaded(load: Any, net: Any, state: Any, by_keyword: bool) -> Any:
    """What comes of loading a state that fits: what differs from what is asked, by names."""
    for place, each in enumerate(net.modules()):
        each.train(place % 2 == 1)
    modes = [each.training for each in net.modules()]
    held, before, parameters = dict(state), values_of(net), list(net.parameters())
    for place, parameter in enumerate(parameters):
        parameter.requires_grad_(place % 3 > 0)
    kept = {name: value.clone() for name, value in state.items()}
    returned = load(model=net, state=state) if by_keyword else load(net, state)
    after, same = values_of(net), [*map(id, parameters)] == [*map(id, net.parameters())]
    body, own = body_of(after), [name for name in after if name.startswith("fc.")]
    wrong, head = unlike(after, kept, body), unlike(after, before, own)
    fits = all(name in kept and kept[name].shape == after[name].shape for name in head)
    return {
        "returned": returned is net,
        "body": wrong,
        "nothing": wrong == body and not unlike(after, before, body),
        "buffers": wrong == body_of(dict(net.named_buffers())),
        "head": head,
        "head_of_state": fits and not unlike(after, kept, head),
        "names": [*state] == [*held] and all(state[n] is held[n] for n in held),
        "values": not unlike(held, kept, kept),
        "modes": modes == [module.training for module in net.modules()],
        "same": same,
        "frozen": all(p.requires_grad is (n % 3 > 0) for n, p in enumerate(net.parameters())),
        "dtypes": all(after[name].dtype == before[name].dtype for name in after),
    }


@helper
def refused(load: Any, net: Any, state: Any, fault: Any) -> bool:
    """Whether a state is refused in which one entry does not fit."""
    kind, name, shape = fault
    if kind == "missing":
        del state[name]
    else:
        state[name] = torch.ones(shape).to(next(iter(state.values())))
    try:
        load(net, state)
    except Exception:
        return True
    return False


def _all_called_like_it(names: Sequence[str]) -> bool:
    """Whether these are all that begin with `fc`, or have it or `fc.` in them, and are not of the head."""
    inner, outer = {"block.fc.weight", "block.fc.bias"}, {"fc2.weight", "fc2.bias"}
    return set(names) in (inner, outer, inner | outer)


def expect_loaded(got: Mapping[str, Any]) -> None:
    """Holds what `loaded` gave against what is asked."""
    expect(got["returned"], _("load_body does not return the model that it was given."))
    expect(got["modes"], _("load_body has changed the modes of the model."))
    expect(got["same"], _("The model has other parameters than before."), NEW_TENSORS)
    expect(got["frozen"], _("load_body has changed which parameters require gradients."))
    sentence = _("load_body has changed the state that it was given.")
    expect(got["names"], sentence, STATE_CHANGED)
    expect(got["values"], sentence, VALUES_CHANGED)
    sentence = _("After load_body {name} is not that of the state.")
    expect(not got["body"], sentence.format(name=_first(got["body"])), _cause_of_body(got))
    sentence = _("load_body has changed the head of the model: {name}.")
    cause = HEAD_LOADED if got["head_of_state"] else OTHER_HEAD
    expect(not got["head"], sentence.format(name=_first(got["head"])), cause)
    expect(got["dtypes"], _("After load_body something in the model has another dtype."))


def _cause_of_body(got: Mapping[str, Any]) -> Cause | str:
    if got["nothing"]:
        return NOTHING_LOADED
    if got["buffers"]:
        return NO_BUFFERS
    return ALL_OF_FC if _all_called_like_it(got["body"]) else ""


def _first(names: Sequence[str]) -> str:
    return f"`{names[0]}`" if names else ""


def expect_refused(
    faults: Sequence[tuple[str, str, Sequence[int]]], refused: Sequence[bool]
) -> None:
    """Each of the states has to be refused."""
    shapes = {name: tuple(value.shape) for name, value in Other(None).state_dict().items()}
    for (kind, name, shape), right in zip(faults, refused, strict=True):
        sentence, cause = FAULTS[kind]
        values = {"name": name, "got": tuple(shape), "wanted": shapes.get(name)}
        expect(right, _(sentence).format(**values), cause)


# what `pretrained` is asked for

NOT_ASKED = Cause(
    "not-pretrained",
    'Nothing was asked of the factory with `weights="DEFAULT"`: a network that it gives otherwise is not trained.',
)
NOT_TRAINED = Cause(
    "not-pretrained",
    'Of the network that `factory(weights="DEFAULT")` gave no number is in the body of what comes back.',
)
OLD_HEAD = Cause(
    "old-head",
    "A new head begins with numbers of its own, also where it has as many classes as the trained one.",
)


@helper
def described(net: Any, handed: Any, like: Any) -> Any:
    """What a network is in which trained weights are to be.

    Args:
        handed: what the networks held that the factory gave with trained weights.
    """
    after = values_of(net)
    body = body_of(after)
    others = [[n for n in body if n not in each or unlike(after, each, [n])] for each in handed]
    wrong = min([*others, body], key=len)
    rows = net.fc.weight.detach() if isinstance(net.fc, nn.Linear) else like.new_zeros(0, 1)
    own = {*map(tuple, rows.tolist())}
    bias = set[float]() if "fc.bias" not in after else {*after["fc.bias"].flatten().tolist()}
    # by chance two numbers may be equal, but not most of them
    shared = [len(bias.intersection(each["fc.bias"].tolist())) for each in handed]
    return {
        "asked": bool(handed),
        "wrong": wrong,
        "buffers": wrong == body_of(dict(net.named_buffers())),
        "nothing": len(wrong) == len(body),
        "fc": isinstance(net.fc, nn.Linear) and [*rows.shape],
        "old": any(own.intersection(map(tuple, each["fc.weight"].tolist())) for each in handed),
        "old_bias": any(2 * count > len(bias) for count in shared),
        "requires": all(value.requires_grad for value in net.parameters()),
        "dtypes": all(each.dtype == like.dtype for each in net.parameters()),
    }


def expect_pretrained(got: Mapping[str, Any], shape: Sequence[int]) -> None:
    """Holds what `described` gave against what is asked, with a head of this shape."""
    sentence = _("{name} is not that of the trained network.")
    cause: Cause | str = NO_BUFFERS if got["buffers"] else ""
    if got["nothing"]:
        cause = NOT_TRAINED if got["asked"] else NOT_ASKED
    expect(not got["wrong"], sentence.format(name=_first(got["wrong"])), cause)
    expect(got["fc"], _("The head `fc` is no nn.Linear."))
    sentence = _("`fc.weight` of the network has shape {got}, expected {wanted}.")
    sentence = sentence.format(got=tuple(got["fc"] or ()), wanted=tuple(shape))
    expect([*got["fc"]] == [*shape], sentence)
    sentence = _("The head `fc` for {classes} classes holds rows of the trained one.")
    expect(not got["old"], sentence.format(classes=shape[0]), OLD_HEAD)
    sentence = _("The bias of the head `fc` for {classes} classes is that of the trained one.")
    expect(not got["old_bias"], sentence.format(classes=shape[0]), OLD_HEAD)
    expect(got["dtypes"], _("Some parameters have another dtype than those of the factory."))
    expect(got["requires"], _("Some parameters of the network do not require gradients."))


# what is frozen

ASLEEP_LATE = Cause(
    "mode",
    "After `freeze_body()` and before any `train()` there is a batch norm of the body in training mode: `{name}`.",
)
WOKEN = Cause(
    "mode",
    "After `train()` there is a batch norm of the body in training mode: `{name}`. `nn.Module.train` reaches down to "
    "all layers; the model's own `train` has to put those of the body back.",
)
FOR_ALL = Cause(
    "shared",
    "What is frozen is kept in something that both models share, such as the class, the module or a layer: keep it in "
    "`self`.",
)


@helper
def is_kept(name: str, value: Any) -> bool:
    """Whether it is a parameter or a statistic, and not a switch that a model has as a buffer."""
    return bool(value.is_floating_point()) or name.endswith("num_batches_tracked")


@helper
def all_follow(net: Any) -> bool:
    """Whether every module of a model is in the mode that it is put in."""
    follow = []
    for mode in (True, False):
        net.train(mode=mode)
        follow += [module.training is mode for module in net.modules()]
    return all(follow)


@helper
def awake(net: Any) -> Any:
    """The names of the body's batch norms that are in training mode."""
    return [
        name
        for name, each in net.named_modules()
        if isinstance(each, nn.BatchNorm2d) and each.training
    ]


def expect_frozen(got: Mapping[str, Any]) -> None:
    """Holds what became of a frozen network in two steps of training against what is asked."""
    asleep = [name for name in got["requiring"] if name not in got["head"]]
    sentence = _("After freeze_body() these parameters still require gradients: {names}.")
    expect(not asleep, sentence.format(names=", ".join(asleep[:3])))
    sentence = _("After freeze_body() the parameters of `fc` do not all require gradients.")
    expect(len(got["requiring"]) == len(got["head"]), sentence)
    sentence = _(
        "After train() and freeze_body() `fc` is in evaluation mode; it is to keep its mode."
    )
    expect(got["head_awake"], sentence)
    expect(got["returned"], _("train() does not return the model."))
    sentences = (
        _("After freeze_body() a step of training has changed {names}."),
        _("After freeze_body() and train() a step of training has changed {names}."),
    )
    steps = zip(sentences, (ASLEEP_LATE, WOKEN), got["awake"], got["moved"], strict=True)
    for sentence, cause, awake_ones, names in steps:
        moved = [name for name in names if name not in got["head"]]
        of = [name for name in awake_ones if any(each.startswith(f"{name}.") for each in moved)]
        told = cause.of(name=of[0]) if of else ""
        expect(not moved, sentence.format(names=", ".join(moved[:3])), told)
    expect(bool(got["moved"][1]), _("After freeze_body() a step of training does not change `fc`."))
    causes = {BATCH: got["of_batch"].tensor} if got["of_batch"] is not None else {}
    what, asleep = _("after freeze_body() the output in training mode"), got["asleep"].tensor
    expect_close(got["training"], asleep, what, rtol=1e-4, causes=causes)
    what = _("after freeze_body() the output in evaluation mode")
    expect_close(got["evaluation"], asleep, what, rtol=1e-4)
    sentence = _("After freeze_body() and {call} `{name}.training` is {value}.")
    asked = [(call, name) for call in ("eval()", "train()") for name in ("model", "model.fc")]
    for (call, name), right in zip(asked, got["modes"], strict=True):
        expect(right, sentence.format(call=call, name=name, value=call == "eval()"))
