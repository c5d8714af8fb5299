"""Warms the zygote up: a program of our own goes the way of a student's before further children are forked.

What is used for the first time there (torch's own late imports and tables, the profiler, the operators of `sim`, memory
from the system) each child finds ready, and has no pages to copy for it.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def program(student: object, x: Tensor, y: Tensor) -> object:
    """A bit of everything that exercises are made of."""
    w = torch.zeros(3, 1, device=x.device, dtype=x.dtype)
    b = torch.tensor(0.5, device=x.device, dtype=x.dtype, requires_grad=True)
    p = torch.sigmoid(w.T @ x.T + b).clamp(1e-3, 1 - 1e-3)
    loss = -(y.T * p.log() + (1 - y.T) * torch.log(1 - p)).mean()
    loss.backward()
    assert b.grad is not None
    with torch.no_grad():
        w -= 0.1 * (x.T @ (p.T - y)) / x.shape[0]
        b.grad.zero_()
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).to(x.device, x.dtype)
    hidden = model(x) + x.sum(1, keepdim=True) ** 2 - torch.exp(-x.abs()).amax(1, keepdim=True)
    scores = torch.stack([hidden[:, 0], torch.tanh(hidden[:, 1])], 1).reshape(-1, 2)
    loss = F.cross_entropy(scores, y.reshape(-1).long()) + F.mse_loss(hidden[:, :1], y)
    loss.backward()
    log = torch.log_softmax(scores.detach(), 1).gather(1, y.long())
    drawn = torch.cat([torch.ones_like(log), torch.full_like(log, 2.0), torch.rand_like(log)], 1)
    rest = (nn.Parameter(drawn), log.argmax(0), x.std())
    return {"w": w, "loss": loss.item(), "parameters": [*model.parameters()], "rest": rest}


def warm_up(devices: Sequence[str]) -> None:
    """Runs the program on each of `devices`, with and without a trace."""
    # what is kept from a student's code, as this module is not
    from ..wire.values import code_of, encode
    from . import server
    from .concealed import conceal_all
    from .steps import runner

    y = torch.tensor([[1.0], [0.0], [1.0], [1.0]])
    tree, block = encode({"x": torch.randn(4, 3), "y": y})
    call = {"id": "", "op": "call", "probe": program.__name__, "arguments": tree, "seed": 0}
    call |= {"code": code_of(inspect.getsource(program)), "inputs": [0, len(block), 0, len(block)]}
    call["rehearsal"] = "plain"
    answers: list[bytes] = []

    def keep(own: SimpleNamespace, message: bytes) -> None:
        answers.append(message)
        own.todo.append(None)

    own = server.new()
    own.maps[0] = memoryview(bytearray(block))
    own.before = own.after = ()  # no code of a student's runs here
    own.reply = keep
    for device in devices:
        for rules in (None, {"by hand": True, "from scratch": ["torch.nn.Linear"]}):
            server.begin(own, {**call, "device": device, "trace": rules})
            runner(own.todo)()
            assert b'"value"' in answers[-1]
    conceal_all([own])
