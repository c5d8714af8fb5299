"""Warms the zygote up: a program of our own goes the way of a student's before further children are forked.

What is used for the first time there (torch's own late imports and tables, the profiler, the operators of `sim`, memory
from the system) each child finds ready, and has no pages to copy for it.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..isolation.limits import Limits
from ..wire.values import code_of, encode
from .server import Server


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
    server = Server(Limits())
    inputs = {"x": torch.randn(4, 3), "y": torch.tensor([[1.0], [0.0], [1.0], [1.0]])}
    tree, block = encode(inputs)
    code = code_of(inspect.getsource(program))
    call = {"probe": program.__name__, "code": code, "arguments": tree, "seed": 0}
    for device in devices:
        for trace in (False, True):
            answer, _ = server.call({**call, "device": device, "trace": trace}, block)
            assert "value" in answer
