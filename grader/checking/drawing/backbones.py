"""Models to fine-tune: built alike on both sides, of layers that are drawn, with a linear head at `fc`.

    plan   {"layers": ["scaled", "norm"], "sizes": [3, 5, 2], "names": ["bado3", …], "scale": True, …}
    state  {"bado3.weight": …}

`Draw.backbone` draws both, and the probe hands them to `backbone`. The sizes are those of the inputs, of what goes from
layer to layer, and of the outputs. Modules without parameters give the same numbers in both modes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..by_hand.training_order import Criterion
from ..probes import helper
from .drawn_models import Plan, Shifted

State = dict[str, Tensor]

LR = 0.1  # the learning rate of a step
# what `layer_of` makes
LAYERS = (
    *("linear", "norm", "bare", "buffers", "listed", "scaled", "mixed", "nested", "tied", "twice"),
    "again",  # a linear layer with the weight of the first one of the kind "linear", which comes before it
    "residual",  # the whole of a network, and not among others
)
# round by round: which of one or two models each step is for, and what is frozen in it; "every second" layer is so in
# one step, and the others in the next, which "nothing" becomes after the first step
MODELS = ((0, 0), (0, 0, 0), (0, 1, 0), (0, 0, 0), (0, 1, 0), (0,))
FROZEN = ("all but fc", "more and more", "every second", "nothing", "more and more", "all but fc")
MODES = ("train", "eval", "mixed")
INNER = 3  # of the names of a plan, the last ones are for what is inside of layers


@helper
class Scaled(nn.Module):
    """A layer that has a parameter of its own and batch normalisation inside."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size))
        self.inner = nn.BatchNorm1d(size)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(x) * self.scale
        return out


@helper
class Mixed(nn.BatchNorm1d):
    """Batch normalisation that has another layer inside."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.inner = nn.Linear(size, size)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = torch.tanh(super().forward(self.inner(x)))
        return out


@helper
class Listed(nn.Module):
    """Two parameters that a list holds, and not the module itself."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.inner = nn.ParameterList([torch.ones(size), torch.zeros(size)])

    def forward(self, x: Tensor) -> Tensor:
        scale, shift = self.inner.parameters()
        out: Tensor = x * scale + shift
        return out


@helper
class Backbone(nn.Module):
    """Layers one after the other, then the head; with `scale`, a parameter that is the model's own."""

    scale: nn.Parameter | None

    def __init__(
        self, layers: dict[str, nn.Module], fc: nn.Module, first: bool, scale: int
    ) -> None:
        super().__init__()
        if first:  # among its children
            self.fc = fc
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.path = list(layers)
        self.fc = fc
        self.register_parameter("scale", nn.Parameter(torch.ones(scale)) if scale else None)

    def forward(self, x: Tensor) -> Tensor:
        for name in self.path:
            x = torch.tanh(getattr(self, name)(x))
        out: Tensor = self.fc(x if self.scale is None else x * self.scale)
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
def layer_of(kind: str, inner: list[str], size: int) -> Any:
    """A layer that takes and gives so many features; `inner` names what is inside of it."""
    if kind in ("scaled", "mixed", "listed", "buffers"):
        kinds: Any = {"scaled": Scaled, "mixed": Mixed, "listed": Listed, "buffers": Shifted}
        return kinds[kind](size)
    layer, named = nn.Sequential(), dict[str, nn.Module]()
    if kind == "bare":  # no parameters, no statistics
        named = {inner[0]: nn.BatchNorm1d(size, affine=False, track_running_stats=False)}
        named[inner[1]] = nn.Dropout(0.0)
    elif kind == "nested":
        deep = nn.Sequential()
        deep.add_module(inner[1], nn.Linear(size, size))
        deep.add_module(inner[2], nn.BatchNorm1d(size))
        named = {inner[0]: deep, inner[1]: nn.Tanh()}
    elif kind in ("tied", "twice"):
        one, other = nn.Linear(size, size), nn.Linear(size, size)
        other.weight = one.weight  # a parameter in two modules
        other = one if kind == "twice" else other  # a module in two places
        named = {inner[0]: one, inner[1]: nn.Tanh(), inner[2]: other}
    else:
        return nn.Linear(size, size) if kind == "linear" else nn.BatchNorm1d(size)
    for name, module in named.items():
        layer.add_module(name, module)
    return layer


@helper
def backbone(plan: Any, state: dict[str, Tensor]) -> Any:
    """The model of a plan with these parameters and buffers, in their dtype and on their device."""
    model = Residual() if plan["layers"] == ["residual"] else drawn(plan)
    if state:
        model.to(state["fc.weight"])
        model.load_state_dict(state, strict=False)  # what is tied has two names, and one value
    return model


@helper
def drawn(plan: Any) -> Any:
    n_in, hidden, n_out = plan["sizes"]
    count = len(plan["layers"])
    (first, second, *names), inner = plan["names"][:-3], plan["names"][-3:]
    layers = dict[str, nn.Module]()
    if plan["embedding"]:
        layers[first] = nn.Embedding(7, n_in)
    if count:
        layers[second] = nn.Linear(n_in, hidden)
    for name, kind in zip(names, plan["layers"], strict=True):
        layers[name] = layer_of("linear" if kind == "again" else kind, inner, hidden)
        if kind == "again":
            layers[name].weight = layers[names[plan["layers"].index("linear")]].weight
    width = hidden if count else n_in
    fc = nn.Linear(width, n_out, bias=plan["bias"])
    return Backbone(layers, fc, plan["head first"], width if plan["scale"] else 0)


@helper
def values_of(net: Any) -> dict[str, Tensor]:
    """Parameters and buffers by name, each once."""
    named = {**dict(net.named_parameters()), **dict(net.named_buffers())}
    return {name: value.detach().clone() for name, value in named.items()}


@helper
def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Whether two of those hold the same, to the bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@helper
def set_frozen(net: Any, frozen: list[str], before: list[str]) -> None:
    """Freezes the parameters of these names, and unfreezes those that were frozen before."""
    for name, parameter in net.named_parameters():
        if name in frozen or name in before:
            parameter.requires_grad_(name not in frozen)


@helper
def set_modes(net: Any, how: str) -> list[bool]:
    """Puts the modules in training mode, in evaluation mode, or every second one in either; gives their modes."""
    for number, module in enumerate(net.modules()):
        module.training = how == "train" or (how == "mixed" and number % 2 == 1)
    return modes_of(net)


@helper
def settings_of(net: Any) -> list[tuple[Any, str, Any]]:
    """What layers are made with beside tensors and modes, such as `momentum` and `eps`."""
    plain = int, float, str, tuple, type(None)
    return [
        (module, name, value)
        for module in net.modules()
        for name, value in vars(module).items()
        if name[:1] != "_" and name != "training" and isinstance(value, plain)
    ]


@helper
def modes_of(net: Any) -> list[bool]:
    return [module.training for module in net.modules()]


@helper
def requiring(net: Any, *others: Any) -> list[str]:
    """The names of the parameters that require gradients, `others` with their names among them, each once."""
    named = [*net.named_parameters(), *others]
    return list(dict.fromkeys(name for name, parameter in named if parameter.requires_grad))


def layers_of(net: nn.Module) -> dict[str, list[str]]:
    """The modules with parameters of their own, each with the names of these."""
    names = {parameter: name for name, parameter in net.named_parameters()}
    own = {
        name: [names[parameter] for parameter in module.parameters(recurse=False)]
        for name, module in net.named_modules()
    }
    return {name: held for name, held in own.items() if held}


def every_second(layers: dict[str, list[str]], first: int) -> list[str]:
    """The parameters of every second layer, in which a layer may hold one of the others' too."""
    own = list(layers.values())[first % 2 :: 2] if len(layers) > 1 else []
    return list(dict.fromkeys(name for names in own for name in names))


def turns_of(net: nn.Module, number: int, pick: Callable[[int], int]) -> list[dict[str, Any]]:
    """Steps of one model or of two that are built alike, in a round of this number.

    Where it has a momentum, nothing is unfrozen: what an optimizer does meanwhile with a parameter that has no gradient
    would show then.

    Args:
        pick: draws a whole number from 0 up to and without its argument.

    Returns:
        For each step which model it is for, `set_modes`'s mode before it, and which parameters are frozen in it.
    """
    layers, start, turns = layers_of(net), pick(2), list[dict[str, Any]]()
    for place, model in enumerate(MODELS[number]):
        earlier = [turn["frozen"] for turn in turns if turn["model"] == model]
        frozen = _frozen_in(layers, FROZEN[number], start + model, earlier, pick)
        mode = MODES[(number + place) % len(MODES)]
        turns.append({"model": model, "mode": mode, "frozen": frozen})
    return turns


def _frozen_in(
    layers: dict[str, list[str]],
    scheme: str,
    first: int,
    earlier: list[list[str]],
    pick: Callable[[int], int],
) -> list[str]:
    everything = [name for own in layers.values() for name in own]
    if scheme == "all but fc":
        return [name for name in everything if not name.startswith("fc.")]
    if scheme == "nothing" and not earlier:
        return []
    if scheme == "more and more" and earlier:
        trained = [name for name in everything if name not in earlier[-1]]
        return [*earlier[-1], trained[0]] if len(earlier) == 1 else earlier[-1]
    frozen = every_second(layers, first + len(earlier))
    # Of one layer a parameter is frozen and another one is not: it is trained. What holds other layers stays frozen as
    # a whole, since it shows who looks at all that is inside.
    several = [
        own
        for name, own in layers.items()
        if len(own) > 1 and set(own) <= set(frozen) and not _holds_layers(name, layers)
    ]
    if len(several) > 1:
        frozen.remove(several[pick(len(several))][pick(2)])
    return frozen


def _holds_layers(name: str, layers: dict[str, list[str]]) -> bool:
    return any(other.startswith(f"{name}.") for other in layers)


def in_a_step(plan: Plan, state: dict[str, Tensor], frozen: list[str], mode: str = "") -> Any:
    """The model in the modes that a step is to put it in, or all of it in `mode`."""
    net = backbone(plan, state).train(mode != "eval")
    set_frozen(net, frozen, [])
    for module in net.modules():
        own = list(module.parameters(recurse=False))
        if not mode and own and not any(parameter.requires_grad for parameter in own):
            module.training = False
    return net


def kept_in(plan: Plan, state: dict[str, Tensor], frozen: list[str]) -> set[str]:
    """What a step leaves alone: what is frozen, and buffers that are not those of a layer that is trained."""
    net = in_a_step(plan, state, frozen)
    running = {
        f"{name}.{buffer}"
        for name, module in net.named_modules()
        for buffer, _value in module.named_buffers(recurse=False)
        if module.training and module._parameters
    }
    return {*frozen, *(name for name, _value in net.named_buffers() if name not in running)}


@helper
def criterion_of(kind: str) -> Any:
    name = kind.rstrip("()").partition(".")[2]
    return Criterion(getattr(F, name)) if kind.startswith("F.") else getattr(nn, name)()


def reference(
    given: Mapping[str, Any],
    turn: Mapping[str, Any],
    state: State,
    velocities: State,
    *,
    mode: str = "",
    noted: list[str] | None = None,
    old: State | None = None,
) -> tuple[float, State, State, State]:
    """The loss, the state after the step, the gradients, and the optimizer's velocities.

    Mistakes: all layers in one `mode`; modes by what was frozen as `noted`; `old` gradients that are not cleared.
    """
    frozen, options = turn["frozen"], given["optimizer"]
    net = in_a_step(given["plan"], state, frozen if noted is None else noted, mode)
    set_frozen(net, frozen, list(noted or []))
    trained = {name: value for name, value in net.named_parameters() if value.requires_grad}
    loss = criterion_of(given["criterion"])(net(turn["inputs"]), turn["labels"])
    grads = dict(zip(trained, torch.autograd.grad(loss, [*trained.values()]), strict=True))
    momentum, velocities = options.get("momentum", 0.0), dict(velocities)
    with torch.no_grad():
        for name, parameter in trained.items():
            move = grads[name] + (0.0 if old is None else old.get(name, given["old"]))
            move = move + options.get("weight_decay", 0.0) * parameter
            velocities[name] = move + momentum * velocities.get(name, torch.zeros_like(move))
            move = move + momentum * velocities[name] if "nesterov" in options else velocities[name]
            lr = options.get("head", LR) if name.startswith("fc.") else LR
            parameter.sub_(lr * move)
    return loss.item(), values_of(net), grads, velocities


def judged(given: Mapping[str, Any], found: Any) -> Iterator[tuple[int, Any, Any, State]]:
    """Each step with its number from 1 on, what came of it, and the state that it began with.

    That is what the student's step before it has left, so that a mistake shows in the step that makes it.
    """
    states = list(given["states"])
    for number, (turn, got) in enumerate(zip(given["turns"], found, strict=True), 1):
        state = states[turn["model"]]
        yield number, turn, got, state
        states[turn["model"]] = after = dict(state)
        for name, was in state.items():
            now = getattr(got["state"].get(name), "tensor", was)
            if (now.shape, now.dtype) == (was.shape, was.dtype):  # else it can stand nowhere
                after[name] = now.to(was.device)
