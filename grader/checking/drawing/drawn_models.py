"""Models to hand to the student's code: built alike on both sides, of structures and names that are drawn.

    plan   {"kind": "tied", "names": ["bado3", …], "sizes": [3, 5, 2]}     what is built
    state  {"bado3.weight": …}                                             what it starts with

`Draw.network` draws both, and the probe hands them to `network`. Where the kind is "embedding", the inputs are whole
numbers: `Draw.inputs_of` gives the right ones.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ..probes import helper

KINDS = ("plain", "nested", "tied", "buffers", "embedding")
WORDS = 7  # rows of an embedding
Plan = dict[str, Any]


@helper
class Shifted(nn.Module):
    """Adds a buffer, which moves with the model and is not trained."""

    shift: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("shift", torch.zeros(size))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.shift


@helper
def network(plan: Any, state: dict[str, Tensor]) -> Any:
    """The model of a plan with these parameters and buffers, in their dtype and on their device."""
    first, second, third, fourth = plan["names"]
    n_in, hidden, n_out = plan["sizes"]
    kind = plan["kind"]
    begin, end = nn.Sequential(), nn.Linear(hidden, n_out)
    if kind == "embedding":
        begin.add_module(second, nn.Embedding(7, n_in))
    begin.add_module(third, nn.Linear(n_in, hidden))
    begin.add_module(fourth, nn.Tanh())
    model = nn.Sequential()
    if kind in ("plain", "buffers", "tied"):
        for name, layer in list(begin.named_children()):
            model.add_module(name, layer)
    else:
        model.add_module(first, begin)
    if kind == "tied":
        shared = nn.Linear(hidden, hidden)
        model.add_module(first, shared)
        model.add_module(f"{first}_tanh", nn.Tanh())
        model.add_module(f"{first}_again", shared)
    if kind == "buffers":
        model.add_module(first, Shifted(hidden))
    model.add_module("head", end)
    if state:
        model.to(next(iter(state.values())))
        model.load_state_dict(state, strict=False)  # what is tied has two names, and one value
    return model
