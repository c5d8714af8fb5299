"""Freeze a model, give it a new head, train that alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
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
    backbones,
    called,
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
OTHER_SIZE = Cause(
    "fixed-size",
    "The new head is to take as many inputs as the old one: `model.fc.in_features` says how many.",
)
SIZES_SWAPPED = Cause("swapped", "The two sizes stand in each other's place.")
OLD_CLASSES = Cause(
    "option-ignored", "It has as many classes as the old head, whatever `num_classes` is."
)
BY_DEFAULT = Cause(
    "new-layer",
    "Give `nn.Linear` the dtype of the old head's weight: a new layer has torch's default, and others of the model may "
    "have another.",
)
RENEW = Cause(
    "new-layer",
    "Write `model.fc = nn.Linear(…)`, with parameters of its own: neither a name beside the model, nor new sizes or "
    "weights in the old layer, nor the old weights in a new one make it new.",
)
NOT_ALONE = Cause(
    "kind",
    "Another module stands there: put the new `nn.Linear` itself in the place of the old one.",
)
ALL_LISTED = Cause(
    "all-listed", "All parameters are in it, frozen ones too: ask each for its `requires_grad`."
)
FROZEN_MOVED = Cause(
    "none-as-zero",
    "By weight decay, momentum or an old gradient an optimizer moves what is frozen, too, unless its `.grad` is None.",
)
NOTED = Cause(
    "stale", "Which layers are frozen is noted in an earlier step; find it out in each one."
)
DUPLICATES = Cause(
    "duplicates",
    "A parameter stands in it more than once; `model.parameters()` gives each once.",
)

backbone, values_of, requiring = backbones.backbone, backbones.values_of, backbones.requiring
set_frozen, set_modes, modes_of = backbones.set_frozen, backbones.set_modes, backbones.modes_of
same, settings_of = backbones.same, backbones.settings_of
criterion_of, reference = backbones.criterion_of, backbones.reference
judged, LR = backbones.judged, backbones.LR

# Round by round. Layers between the first one and the head; in the round of ones without batch normalisation, since
# a batch of one sample has no variance.
LAYERS = (
    ("linear", "norm"),
    ("linear", "tied", "listed", "twice", "again"),
    ("scaled", "norm", "buffers", "mixed", "nested"),
    ("norm", "bare", "nested"),
    ("mixed", "tied", "scaled", "norm", "norm"),
    ("norm", "scaled"),
)
OLD = 3.0  # gradients from before
# the first one holds what is trained, the others hold all; in one of them the head has a rate of its own
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "SGD": {"held": "trained"},
    "SGD(momentum=0.9)": {"momentum": 0.9},
    "SGD(weight_decay=0.5)": {"weight_decay": 0.5},
    "SGD with two groups": {"head": 0.5},
    "SGD(momentum=0.9, nesterov=True)": {"momentum": 0.9, "nesterov": True},
}
OF_CLASSES = ("nn.CrossEntropyLoss()", "F.cross_entropy")
CRITERIA = (OF_CLASSES[0], "F.binary_cross_entropy_with_logits", "nn.MSELoss()", OF_CLASSES[1])
Given = dict[str, Any]
State = dict[str, Tensor]


@helper
def ask(function: Any, given: Any, by_keyword: bool, by_default: bool, place: Tensor) -> Any:
    """What a function gives; the device of `place` is torch's default one meanwhile, if it is to be."""
    args, kwargs = ([], given) if by_keyword else ([*given.values()], {})
    return called(lambda *_: function(*args, **kwargs), by_default, place)


def draw_model(draw: Draw, head_alone: bool = False) -> tuple[Any, State]:
    """A model for a check that takes no step with it; with `head_alone` the head may be all there is."""
    sizes = [draw.size("n_in"), draw.size("hidden", high=8), draw.size("n_out")]
    layers = () if head_alone and draw.round.name == "large" else LAYERS[draw.round.number]
    return draw.backbone(layers, sizes, bias=draw.round.number != 1)


@probe
def freeze_it(
    student: Any, plan: Any, states: list[Any], frozen: list[str], by_default: bool = False
) -> Any:
    (net, another), found = [backbone(plan, state) for state in states], []
    set_frozen(net, frozen, [])
    held, before, own = dict(net.named_parameters()), values_of(net), {*vars(net)}
    for how in ("mixed", "eval", "train"):
        modes, settings = set_modes(net, how), settings_of(net)
        returned = ask(student.freeze, {"model": net}, False, by_default, before["fc.weight"])
        found.append(
            {
                "same": returned is net,
                "requiring": requiring(net, *held.items()),
                "count": len(list(net.parameters())) - len(held),
                "kept": same(values_of(net), before),
                "set anew": [n for m, n, was in settings if vars(m).get(n, "gone") != was],
                "woken": any(now > was for now, was in zip(modes_of(net), modes, strict=True)),
                "odd": [f"p.{name}" for p in held.values() for name in vars(p)]
                + [f"model.{name}" for name in vars(net).keys() - own]
                + ["layer.requires_grad" for m in net.modules() if "requires_grad" in vars(m)],
            }
        )
        net.requires_grad_(True)
    returned = student.freeze(model=another)
    return [*found, {**found[0], "same": returned is another, "requiring": requiring(another)}]


def draw_freezing(draw: Draw) -> Given:
    plan, state = draw_model(draw, head_alone=True)
    net = backbone(plan, state)
    frozen = backbones.every_second(backbones.layers_of(net), 1)
    return {"plan": plan, "states": [state, draw.state_of(net)], "frozen": frozen}


@rounds(single=True)
@points(1)
def test_freeze(student: Student, draw: Draw) -> None:
    """After `freeze(model)` no parameter requires gradients; it returns the model."""
    for got in student.run(freeze_it, **draw_freezing(draw)):
        expect(got["same"], _("freeze does not return the model that it was given."))
        sentence = _("These parameters still require gradients: {requiring}.")
        cause = explain.new_attribute(got["odd"], "requires_grad")
        expect(not got["requiring"], sentence.format(requiring=got["requiring"][:3]), cause)
        expect(got["count"] >= 0, _("freeze has removed parameters from the model."))
        expect(got["count"] == 0, _("freeze has made several parameters of one."))
        expect(got["kept"], _("freeze has changed the values of parameters."))
        sentence = _("freeze has changed `{name}` of a layer.")
        expect(not got["set anew"], sentence.format(name=(got["set anew"] or [""])[0]))
        # evaluation mode is for the step, but does no harm here
        expect(not got["woken"], _("freeze has put modules in training mode."))


@probe
def replace_it(
    student: Any, given: Any, classes: list[int], apart: bool, by_default: bool = False
) -> Any:
    net, like = backbone(given["plan"], given["state"]), given["like"]
    if apart:  # the head alone is in the dtype, and on the device
        net.to("cpu", torch.float32 if like.dtype == torch.float64 else torch.float64)
        net.fc.to(like)
    set_frozen(net, given["frozen"], [])

    def rest() -> Any:
        """All but the head: what there is, by identity, how it stands, and its values."""
        modules = {name: m for name, m in net.named_modules() if name != "fc"}
        held = [p for name, p in net.named_parameters() if not name.startswith("fc.")]
        places = [(name, id(m), m.training) for name, m in modules.items()]
        return places + [(id(p), p.requires_grad, p.tolist()) for p in held]

    found, heads, old = [], [net.fc], list(net.parameters())
    for how, number in zip(("mixed", "eval", "mixed"), classes, strict=True):
        set_modes(net, how)
        before = rest()
        handed = {"model": net, "num_classes": number}
        returned = ask(student.replace_head, handed, given["by_keyword"], by_default, like)
        new = list(net.fc.parameters())
        fits = isinstance(net.fc, nn.Linear) and net.fc.weight.shape == (number, like.shape[1])
        fits = fits and all(len(p) == number for p in new)
        fits = fits and all((p.dtype, p.device) == (like.dtype, like.device) for p in new)
        found.append(
            {
                "same": returned is net,
                "new": all(net.fc is not head for head in heads)
                and not {id(p) for p in new} & {id(p) for p in old},
                "is linear": isinstance(net.fc, nn.Linear),
                "sizes": [getattr(net.fc, name, None) for name in ("in_features", "out_features")],
                "weight": getattr(net.fc, "weight", None),
                "bias": getattr(net.fc, "bias", None),
                "requires": [p.requires_grad for p in new],
                "rest": rest() == before,
                "output": list(net.fc(like).shape) if fits else [],
            }
        )
        if not isinstance(net.fc, nn.Linear):  # what comes of a second call then, says nothing
            break
        heads, old = [*heads, net.fc], [*old, *new]
    return found


def expect_replaced(
    student: Student, draw: Draw, apart: bool = False, by_default: bool = False
) -> None:
    plan, state = draw_model(draw)
    width, odd = state["fc.weight"].shape[1], draw.round.number % 2 == 1
    if draw.round.all_equal:  # a bias whose numbers are all 0 is one
        state["fc.bias"].zero_()
    layers = backbones.layers_of(backbone(plan, state))
    frozen = ["fc.weight"] if odd else [name for own in layers.values() for name in own]
    number = draw.size("num_classes")
    # the same number again, another one, and as many as there are
    classes = [plan["sizes"][2], number, number] if odd else [number, number, number + 1]
    given = {"plan": plan, "state": state, "like": draw.normal(5, width), "frozen": frozen}
    given["by_keyword"] = draw.choice("by_keyword", [False, True])
    options = {"classes": classes, "apart": apart, "by_default": by_default}
    found = student.run(replace_it, given=given, **options)
    before = plan["sizes"][2]
    for got, wanted in zip(found, classes, strict=len(found) == len(classes)):
        expect(got["same"], _("replace_head does not return the model that it was given."))
        why = RENEW if got["is linear"] else NOT_ALONE
        expect(got["new"] and got["is linear"], _("model.fc is not a new nn.Linear."), why)
        what = _("[in_features, out_features] of model.fc")
        causes = {
            SIZES_SWAPPED: [wanted, width],
            OLD_CLASSES: [width, before],
            OTHER_SIZE: [got["sizes"][0], wanted],
        }
        before = wanted
        expect_close(got["sizes"], [width, wanted], what, causes=causes)
        weight = got["weight"].tensor
        sentence = _("model.fc.weight is of {dtype}; the weight of the old head is of {wanted}.")
        sentence = sentence.format(dtype=weight.dtype, wanted=draw.dtype)
        expect(weight.dtype == draw.dtype, sentence, BY_DEFAULT)
        expect_close(got["weight"], weight.to(draw.dtype), "model.fc.weight")
        if plan["bias"]:
            expect(got["bias"] is not None, _("The old head had a bias and the new one has none."))
            expect_close(got["bias"], got["bias"].tensor.to(draw.dtype), "model.fc.bias")
        else:
            expect(got["bias"] is None, _("The old head had no bias and the new one has one."))
        expect(all(got["requires"]), _("The parameters of the new head do not require gradients."))
        expect(got["rest"], _("replace_head has changed other layers of the model."))
        expect_close(got["output"], [5, wanted], _("the shape of the model's output"))


@rounds(half=True)
@points(1)
def test_replace_head(student: Student, draw: Draw) -> None:
    """`replace_head` puts a new `nn.Linear` at `model.fc`, in the old one's dtype, with a bias if that had one."""
    expect_replaced(student, draw, apart=draw.round.name in ("ones", "more ones"))


@probe
def list_trainable(
    student: Any, plan: Any, state: Any, frozen: list[list[str]], by_default: bool = False
) -> Any:
    net = backbone(plan, state)
    found: list[Any] = []
    handed: list[Any] = []
    for number, names in enumerate(frozen):
        net.requires_grad_(True)
        set_frozen(net, names, [])
        kept = [p for p in net.parameters() if p.requires_grad]
        modes, values = set_modes(net, "mixed"), values_of(net)
        given, place = {"model": net}, values["fc.weight"]
        got = ask(student.trainable_parameters, given, number == 0, by_default, place)
        is_list = isinstance(got, list)
        ids = [id(p) for p in got] if is_list else []
        handed += [(got, list(got))] if is_list else []
        found.append(
            {
                "is list": is_list,
                "same": sorted(ids) == sorted(id(p) for p in kept),
                "all": sorted(ids) == sorted(id(p) for p in net.parameters()),
                "wanted": len(kept),
                "length": len(ids),
                "held": sum(i in {id(p) for p in kept} for i in ids),
                "duplicates": len(set(ids)) < len(ids),
                "left": modes == modes_of(net)
                and [id(p) for p in net.parameters() if p.requires_grad] == [id(p) for p in kept]
                and same(values_of(net), values),
            }
        )
    stands = all([id(p) for p in got] == [id(p) for p in was] for got, was in handed)
    return {"each": found, "stands": stands}


def draw_listing(draw: Draw) -> Given:
    plan, state = draw_model(draw, head_alone=True)
    if not draw.round.is_published:  # what has the same numbers, as new ones have, is not the same
        state = {name: torch.ones_like(value) for name, value in state.items()}
    layers = backbones.layers_of(backbone(plan, state))
    everything = [name for own in layers.values() for name in own]
    seconds = [backbones.every_second(layers, first) for first in (0, 1)]
    frozen = [*seconds, ["fc.weight"], everything, []]
    return {"plan": plan, "state": state, "frozen": frozen}


@rounds(single=True)
@points(1)
def test_trainable_parameters(student: Student, draw: Draw) -> None:
    """`trainable_parameters(model)` is the list of the parameters that require gradients."""
    found = student.run(list_trainable, **draw_listing(draw))
    for got in found["each"]:
        expect(got["is list"], _("trainable_parameters does not return a list."))
        cause: Cause | str = DUPLICATES if got["duplicates"] else ALL_LISTED if got["all"] else ""
        empty = _("For a model that is all frozen the list is not empty.")
        expect(bool(got["wanted"]) or not got["length"], empty, cause)
        told = _("{wanted} parameters require gradients; {held} of the {length} entries are such.")
        expect(got["same"], told.format(**got), cause)
        expect(got["left"], _("trainable_parameters has changed the model."))
    expect(found["stands"], _("A list that was handed out is another one after a later call."))


@probe
def take_steps(student: Any, given: Any, by_default: bool = False) -> Any:
    """Steps with one model or with two, of which layers are frozen and unfrozen in between."""
    nets = [backbone(given["plan"], state) for state in given["states"]]
    criterion, optimizer, old = criterion_of(given["criterion"]), given["optimizer"], given["old"]
    seen: dict[str, bool] = {}
    options = {key: value for key, value in optimizer.items() if key not in ("held", "head")}

    def note(name: str) -> Any:
        # a pass without gradients, to print something, is no step
        recorded = torch.is_grad_enabled
        return lambda module, *_: seen.update({name: module.training} if recorded() else {})

    def optimizer_of(net: Any) -> Any:
        held: Any = [p for p in net.parameters() if p.requires_grad or "held" not in optimizer]
        if "head" in optimizer:
            rest = [p for name, p in net.named_parameters() if not name.startswith("fc.")]
            held = [{"params": rest}, {"params": net.fc.parameters(), "lr": optimizer["head"]}]
        return torch.optim.SGD(held, **options)

    for net in nets:
        for name, module in net.named_modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.register_forward_hook(note(name))  # behind theirs, which may set it
        for parameter in net.parameters() if old else ():
            parameter.grad = torch.full_like(parameter, old)
    optimizers: list[Any] = [None for _ in nets]
    frozen: list[list[str]] = [[] for _ in nets]
    found = []
    for turn in given["turns"]:
        which = turn["model"]
        net = nets[which]
        set_frozen(net, turn["frozen"], frozen[which])
        frozen[which] = turn["frozen"]
        optimizers[which] = optimizers[which] or optimizer_of(net)
        modes = set_modes(net, turn["mode"])
        seen.clear()
        inputs, labels = turn["inputs"], turn["labels"]
        handed = {"model": net, "criterion": criterion, "optimizer": optimizers[which]}
        handed |= {"inputs": inputs, "labels": labels}
        loss = ask(student.fine_tune_step, handed, given["by_keyword"], by_default, inputs)
        found.append(
            {
                "loss": loss,
                "state": values_of(net),
                "restored": modes_of(net) == modes,
                "left": modes_of(net),
                "seen": dict(seen),
                "requiring": requiring(net),
            }
        )
    return found


def draw_steps(draw: Draw) -> Given:
    """What a round's steps begin with, and what each is given."""
    number, criterion = draw.round.number, draw.choice("criterion", CRITERIA)
    n_in, classes = draw.size("n_in"), draw.size("classes", low=1 + (criterion in OF_CLASSES))
    n = draw.size("n", low=3 if number == 1 else 4)
    sizes = [n_in, draw.size("hidden", low=2, high=8), classes]
    whole = draw.round.all_equal  # numbers, for an embedding
    plan, state = draw.backbone(LAYERS[number], sizes, bias=number != 1, embedding=whole)
    net = backbone(plan, {})
    scale = 1.0 if whole else draw.magnitude("inputs", zero=True, tiny=(-9.0, -7.0))
    first = [f"{plan['names'][1]}.{name}" for name in ("weight", "bias")]
    states = [state, draw.state_of(net)]
    for each in states:
        if scale:  # what comes of the inputs is of about 1
            each[first[0]] /= scale
        if draw.round.name == "large":
            each["fc.bias"][0] += 300
    named = draw.choice("optimizer", {name: name for name in OPTIMIZERS})
    turns = backbones.turns_of(net, number, lambda count: int(draw.integers(0, count)))
    for place, turn in enumerate(turns):
        # to the gradients of what meets the inputs, such a scale matters
        held = first if scale not in (0.0, 1.0) else []
        turn["frozen"] = list(dict.fromkeys([*held, *turn["frozen"]]))
        size = 1 if number == 1 and place == 2 else n
        turn["inputs"] = draw.integers(0, 7, size) if whole else scale * draw.numbers(size, n_in)
        # a quadratic loss with labels far away has large gradients
        far = criterion == "nn.MSELoss()" and place == len(turns) - 1
        low, high = (300, 900) if far else (0, 1)
        labels = draw.uniform(low, high, size, classes)
        turn["labels"] = draw.integers(0, classes, size) if criterion in OF_CLASSES else labels
        for name in ("labels", "inputs") if not place else ():
            turn[name] = draw.layout(name, turn[name])
    return {
        "plan": plan,
        "states": states,
        "turns": turns,
        "criterion": criterion,
        "optimizer": {"lr": LR, **OPTIMIZERS[named]},
        "old": OLD if "weight_decay" in named else 0.0,
        "by_keyword": draw.choice("by_keyword", [False, True]),
    }


def draw_residual(draw: Draw) -> Given:
    """A step of a residual network with images."""
    plan = {"layers": ["residual"]}
    state = draw.state_of(backbone(plan, {}))
    turn = {"model": 0, "mode": "train", "inputs": draw.normal(4, 3, 64, 64)}
    turn["frozen"] = [name for name in state if name.startswith(("conv1.", "bn1.", "layer1."))]
    turn["labels"] = draw.integers(0, 3, 4)
    given: Given = {"plan": plan, "states": [state], "turns": [turn], "old": 0.0}
    given |= {"criterion": CRITERIA[0], "optimizer": {"lr": LR}, "by_keyword": False}
    return given


def expect_steps(draw: Draw, given: Given, found: Any) -> None:
    """Losses, and what is trained, after each step."""
    velocities: dict[int, State] = {}
    piled: dict[int, State] = {}
    noted: dict[int, list[str]] = {}
    for number, turn, got, state in judged(given, found):
        which = turn["model"]
        step: Callable[..., Any] = partial(
            reference, given, turn, velocities=velocities.get(which, {})
        )
        loss, after, grads, velocities[which] = step(state)

        def other(index: int, state: State = state, step: Any = step, **mistake: Any) -> Any:
            return lambda: step(state, **mistake)[index]

        losses: dict[Cause, Any] = {
            explain.NEW_FOR_OLD: other(0, after),
            ALL_TRAIN: other(0, mode="train"),
            ALL_EVAL: other(0, mode="eval"),
        }
        states: dict[Cause, Any] = {
            explain.NOT_CLEARED: other(1, old=piled.get(which, {})),
            ALL_TRAIN: other(1, mode="train"),
            ALL_EVAL: other(1, mode="eval"),
            explain.NOT_UPDATED: state,
        }
        if noted.setdefault(which, turn["frozen"]) != turn["frozen"]:
            losses[NOTED] = other(0, noted=noted[which])
            states[NOTED] = other(1, noted=noted[which])
        what, where = _("the loss returned"), _("after the step, state_dict()")
        if number > 1:
            what = _("the loss that step {number} returned").format(number=number)
            where = _("after step {number}, state_dict()").format(number=number)
        expect_close(got["loss"], loss, what, dtype=draw.dtype, causes=losses)
        kept = backbones.kept_in(given["plan"], state, turn["frozen"])
        trained = {name: value for name, value in after.items() if name not in kept}
        expect_close(got["state"], trained, where, causes=states)
        held = piled.setdefault(which, {})
        held |= {name: held.get(name, given["old"]) + grad for name, grad in grads.items()}


@probe
def steps_of_criterion(student: Any, given: Any) -> Any:
    """A criterion that has a parameter: what that is after each of two steps."""
    net, turn, found = backbone(given["plan"], given["states"][0]), given["turns"][0], []
    set_frozen(net, turn["frozen"], [])
    factor = nn.Parameter(turn["inputs"].new_tensor(1.0))
    own = Criterion(lambda outputs, labels: factor * F.cross_entropy(outputs, labels), factor)
    trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD([*trained, factor], lr=0.1)
    for _step in range(2):
        set_frozen(net, turn["frozen"], [])
        student.fine_tune_step(net, own, optimizer, turn["inputs"], turn["labels"])
        found.append(factor.detach().clone())
    return found


def expect_criterion(student: Student, draw: Draw, given: Given) -> None:
    """Gradients do not pile up in a criterion's parameters, of which the model knows nothing."""
    got = student.run(steps_of_criterion, given=given)
    turn, state = given["turns"][0], given["states"][0]
    first = turn["inputs"].new_tensor(1.0)
    step = partial(reference, given | {"criterion": CRITERIA[0]}, turn, velocities={})
    one, after, *_unused = step(state)
    two = step(after)[0]  # the gradients of the factor are the losses without it
    expected = [first - LR * one, first - LR * (one + two)]
    # what nobody asks for is free: whether they are trained
    if all(torch.equal(each.tensor, first.cpu()) for each in got):
        return
    what = _("a parameter of the criterion's, after each of two steps")
    causes = {explain.NOT_CLEARED_BESIDE: [expected[0], first - LR * (2 * one + two)]}
    expect_close(got, expected, what, causes=causes)


@rounds(half=True)
@points(2)
def test_step(student: Student, draw: Draw) -> None:
    """`fine_tune_step` updates what is trainable once, and returns the loss before it as a float."""
    if draw.dtype == torch.bfloat16:
        return  # numpy has no such dtype, and a loss may become a float by way of it
    given = draw_steps(draw)
    expect_steps(draw, given, student.run(take_steps, given=given))
    if draw.round.is_published:
        expect_criterion(student, draw, given)
    if draw.round.is_published and draw.dtype == torch.float32:
        given = draw_residual(draw)
        expect_steps(draw, given, student.run(take_steps, given=given))


def expect_kept(given: Given, found: Any) -> None:
    """What is frozen, to the bit, after each step."""
    for _number, turn, got, state in judged(given, found):
        sentence = _("After the step frozen parameters require gradients again.")
        expect(not set(turn["frozen"]) & set(got["requiring"]), sentence)
        kept = backbones.kept_in(given["plan"], state, turn["frozen"])
        for name in [name for name in state if name in kept]:
            now = getattr(got["state"].get(name), "tensor", None)
            sentence = _("The step has changed {name}.").format(name=name)
            cause = STATISTICS if "running" in name else FROZEN_MOVED
            expect(now is not None and torch.equal(now, state[name].cpu()), sentence, cause)


@rounds("published", "more ones", "equal", "large", single=True)
@points(2)
def test_step_keeps_what_is_frozen(student: Student, draw: Draw) -> None:
    """Frozen parameters, and the running statistics of frozen batch normalisation, stay exactly as they were."""
    given = draw_steps(draw)
    expect_kept(given, student.run(take_steps, given=given))
    if draw.round.is_published:
        given = draw_residual(draw)
        expect_kept(given, student.run(take_steps, given=given))


@rounds("published", "more ones", "equal", single=True)
@points(1)
def test_step_modes(student: Student, draw: Draw) -> None:
    """During the step frozen layers behave as in evaluation mode and the other layers as in training mode."""
    given = draw_steps(draw)
    for _number, turn, got, state in judged(given, student.run(take_steps, given=given)):
        net = backbones.in_a_step(given["plan"], state, turn["frozen"])
        for name, module in net.named_modules():
            # what other layers give does not depend on their modes, which are free
            if not isinstance(module, nn.BatchNorm1d) or module.weight is None:
                continue
            sentence = _("During the step the layer {name} is not in evaluation mode.")
            if module.training:
                sentence = _("During the step the layer {name} is not in training mode.")
            unseen = _(
                "During the step no pass that records gradients goes through the layer {name}."
            )
            expect(name in got["seen"], unseen.format(name=name))
            cause = ALL_EVAL if module.training else FROZEN_MODE
            expect(got["seen"][name] is module.training, sentence.format(name=name), cause)


PLACES = {name: f"`{name}`" for name in ("criterion", "model")}
PLACES |= {"backward": "`backward()`", "optimizer": "`optimizer.step()`"}


@probe
def broken_step(student: Any, given: Any, where: str) -> Any:
    reached = []

    def broken(*_: Any) -> Any:
        reached.append(where)
        raise ArithmeticError

    def criterion(outputs: Tensor, labels: Tensor) -> Tensor:
        if where == "backward":
            outputs.register_hook(broken)
        return broken() if where == "criterion" else outputs.square().mean()

    net, turn = backbone(given["plan"], given["states"][0]), given["turns"][0]
    set_frozen(net, turn["frozen"], [])
    modes = set_modes(net, "mixed")
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    if where == "optimizer":
        optimizer.register_step_pre_hook(broken)
    if where == "model":
        net.fc.register_forward_pre_hook(broken)
    heard = False
    own = Criterion(criterion)
    try:
        student.fine_tune_step(net, own, optimizer, turn["inputs"], turn["labels"])
    except ArithmeticError:
        heard = True
    return {"reached": bool(reached), "heard": heard, "restored": modes_of(net) == modes}


@rounds("published", "ones", "more ones", "equal", single=True)
@points(1)
def test_step_restores_modes(student: Student, draw: Draw) -> None:
    """After the step every module is in the mode it was in, also when the step raises."""
    given = draw_steps(draw)
    for got in student.run(take_steps, given=given):
        sentence = _("After the step some modules are in another mode than before.")
        left = set(got["left"])
        mode = {True: "training", False: "evaluation"}[left == {True}] if len(left) == 1 else ""
        expect(got["restored"], sentence, explain.MODES_LEFT[mode])
    where = draw.choice("raises", list(PLACES))
    got = student.run(broken_step, given=given, where=where)
    sentence = _("The step does not come to {place}, which was to raise an exception.")
    expect(got["reached"], sentence.format(place=PLACES[where]))
    expect(got["heard"], _("An exception was raised during the step, and it was kept back."))
    sentence = _("After a step that raised some modules are in another mode than before.")
    expect(got["restored"], sentence, _("Put the modes back in a `finally`."))


@points(1)
@needs("replace_head", "step")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """Works on any device: the new head is where the old one was."""
    expect_replaced(elsewhere, draw)
    expect_replaced(elsewhere, draw, apart=True)
    given = draw_steps(draw)
    images = [draw_residual(draw)] if draw.dtype == torch.float32 else []
    for each in (given, *images):
        found = elsewhere.run(take_steps, given=each)
        expect_steps(draw, each, found)
        expect_kept(each, found)
    draw.tell_default(elsewhere.device)
    expect_replaced(elsewhere, draw, by_default=True)
    expect_steps(draw, given, elsewhere.run(take_steps, given=given, by_default=True))
    # what they give has been judged
    elsewhere.run(freeze_it, **draw_freezing(draw), by_default=True)
    elsewhere.run(list_trainable, **draw_listing(draw), by_default=True)


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
