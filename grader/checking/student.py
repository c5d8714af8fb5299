"""What a check works with: the student's module behind its probes, and the random inputs of one case."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ..errors import CourseFault
from .drawing.backbones import INNER, backbone
from .drawing.drawn_models import KINDS, WORDS, Plan, network
from .drawing.rounds import PUBLISHED, Round
from .drawing.strategies import Strategies
from .probes import Probe


class Answers(Protocol):
    """Where a student's answers come from: the student's code, or what is known of it."""

    def call(
        self, probe: Probe, inputs: dict[str, Any], device: str, seed: int, default: str
    ) -> Any: ...


class Student:
    """The student's module, as one case of a check sees it: on one device, with one seed.

    Attributes:
        default_dtype: torch's default dtype while the student's code runs.
    """

    def __init__(
        self, answers: Answers, device: str, seed: int, default_dtype: torch.dtype = torch.float32
    ) -> None:
        self.device = device
        self.default_dtype = default_dtype
        self._answers = answers
        self._seed = seed

    def run(self, probe: Probe, /, **inputs: Any) -> Any:
        """Runs `probe(student, **inputs)` in the sandbox, with every tensor on the case's device.

        Returns:
            What the probe returned; tensors as `Received`.

        Raises:
            CheckOutcome: if the student's code raises, hangs, crashes, is not written yet, or changes an input that
                the probe does not name in `changes`.
            CourseFault: if `probe` is a plain function.
        """
        if not isinstance(probe, Probe):
            raise CourseFault(f"{probe!r} is not marked with @probe.")
        default = str(self.default_dtype).removeprefix("torch.")
        return self._answers.call(probe, inputs, self.device, self._seed, default)


class Draw(Strategies):
    """Random inputs of one case, in its dtype; the same seed gives the same inputs.

    They are on the CPU, unless the reference is to be worked out on the device `home`. What they are drawn from, above
    all which sizes, says the case's round; a check without rounds has the published one.

    Args:
        rounded: whether numbers have two decimal places, which a person reads more easily.
    """

    def __init__(
        self,
        seed: int,
        dtype: torch.dtype,
        home: str = "cpu",
        round: Round = PUBLISHED,
        rounded: bool = False,
    ) -> None:
        super().__init__(seed, round)
        self.dtype = dtype
        self.home = home
        self._rounded = rounded
        self._generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal values."""
        values = torch.randn(shape, generator=self._generator, dtype=torch.float64)
        values = values.round(decimals=2) if self._rounded else values
        return values.to(self.home, self.dtype)

    def numbers(self, *shape: int) -> Tensor:
        """Standard normal values as published; in other rounds some of them are 0, and some ten times as large."""
        values = self.normal(*shape)
        if self.round.is_published:
            return values
        kind = torch.randint(8, shape, generator=self._generator).to(self.home)
        return torch.where(kind == 0, 0, torch.where(kind == 1, 10 * values, values))

    def gradient(self, *shape: int) -> Tensor:
        """Values as `numbers` gives them; in 16 bits, none whose square is 0."""
        if self.dtype.itemsize > 2:
            return self.numbers(*shape)
        return self.uniform(0.5, 1.5, *shape) * (2 * self.labels(*shape) - 1)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Values between `low` and `high`."""
        values = torch.rand(shape, generator=self._generator, dtype=torch.float64)
        values = low + (high - low) * values
        if self._rounded:
            near = values.round(decimals=2)
            values = torch.where((low < near) & (near < high), near, values)
        return values.to(self.home, self.dtype)

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """int64 values from `low` up to and without `high`."""
        return torch.randint(low, high, shape, generator=self._generator).to(self.home)

    def seed(self, most: int = 10**6) -> int:
        """A seed for a generator, from 1 up to and without `most`."""
        return int(self.integers(1, most, 1).item())

    def labels(self, *shape: int) -> Tensor:
        """Zeros and ones in the case's dtype."""
        return self.integers(0, 2, *shape).to(self.dtype)

    def network(self, n_in: int, n_out: int) -> tuple[Plan, dict[str, Tensor]]:
        """A model of two layers or more for a probe to build with `network(plan, state)`, as the check does.

        It is a plain one as published; in other rounds layers are nested, one is used twice, there are buffers, or an
        embedding comes first. The names of its layers are drawn.

        Args:
            n_in, n_out: of its first and of its last layer.

        Returns:
            What is built, and the values of its parameters and buffers in the case's dtype.
        """
        kind = self.choice("model", KINDS)
        hidden = self.size("hidden", low=2, high=8)
        plan = {"kind": kind, "names": self.names(4), "sizes": [n_in, hidden, n_out]}
        model = network(plan, {})
        named = [*model.named_parameters(), *model.named_buffers()]
        return plan, {name: self.normal(*value.shape) for name, value in named}

    def backbone(
        self,
        layers: Sequence[str],
        sizes: Sequence[int],
        bias: bool = True,
        embedding: bool = False,
    ) -> tuple[Plan, dict[str, Tensor]]:
        """A model with a head at `fc` for a probe to build with `backbone(plan, state)`, as the check does.

        The names of its layers are drawn. In every second round the head is its first child, not its last, and the
        model has a parameter of its own.

        Args:
            layers: kinds of `backbones.LAYERS`, between a linear layer and the head; without any, the head is
                all there is.
            sizes: of inputs, of what goes from layer to layer, and of outputs.
            bias: whether the head has one.
            embedding: whether the inputs are whole numbers below `WORDS`.

        Returns:
            What is built, and the values of its parameters and buffers in the case's dtype.
        """
        odd = self.round.number % 2 == 1
        plan: Plan = {"layers": list(layers), "sizes": list(sizes), "bias": bias}
        plan |= {"embedding": embedding, "head first": odd, "scale": odd}
        plan["names"] = self.names(2 + len(layers) + INNER)
        return plan, self.state_of(backbone(plan, {}))

    def state_of(self, model: nn.Module) -> dict[str, Tensor]:
        """Values for a model's parameters and buffers, away from those that torch begins with.

        Outputs of a layer are of about 1 where its inputs are; variances are positive.
        """
        state = {}
        for name, value in [*model.named_parameters(), *model.named_buffers()]:
            if not value.is_floating_point():
                state[name] = torch.tensor(3)  # a number of batches
            elif name.endswith("running_var"):
                state[name] = self.uniform(0.5, 2, *value.shape)
            else:
                terms = value[0].numel() if value.dim() > 1 else 1
                state[name] = self.normal(*value.shape) / terms**0.5
        return state

    def inputs_of(self, plan: Plan, *lead: int) -> Tensor:
        """Inputs for a model that `network` gave: of shape (*lead, n_in), or whole numbers of shape `lead`."""
        if plan["kind"] == "embedding":
            return self.integers(0, WORDS, *lead)
        return self.normal(*lead, plan["sizes"][0])

    def strided(self, tensor: Tensor) -> Tensor:
        """The same values in a memory layout of its own: gaps between them, and the last dimension outermost.

        `.view` cannot merge its dimensions (where there is more than one element in each).
        """
        if tensor.dim() == 0:
            return tensor
        gaps = tensor.new_zeros(*reversed(tensor.shape), 2)[..., 0]
        return gaps.permute(*reversed(range(tensor.dim()))).copy_(tensor)


def seed_of(*parts: object) -> int:
    """A seed from whatever identifies a case, the same on every machine."""
    text = "\0".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")
