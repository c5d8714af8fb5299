# right: sums over leading dimensions in a helper; once_differentiable; type hints; comparison under __main__
from typing import Any, Optional

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def over_samples(values: Tensor, keep: int) -> Tensor:
    """Sum over all but the last `keep` dimensions."""
    while values.dim() > keep:
        values = values.sum(0)
    return values


class LinearFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
        ctx.save_for_backward(x, weight)
        product = (x.unsqueeze(-2) * weight).sum(-1)
        return product if bias is None else torch.add(product, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple:
        x, weight = ctx.saved_tensors
        needs = ctx.needs_input_grad
        rules = (
            lambda: (grad_output.unsqueeze(-1) * weight).sum(-2),
            lambda: over_samples(grad_output.unsqueeze(-1) * x.unsqueeze(-2), 2),
            lambda: over_samples(grad_output, 1),
        )
        return tuple(rule() if need else None for rule, need in zip(rules, needs))


class StraightThroughRound(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.detach().clone().round_()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple:
        return (grad_output,)


if __name__ == "__main__":
    x, w, b = (torch.randn(*s, dtype=torch.float64, requires_grad=True) for s in ((4, 3), (2, 3), (2,)))
    print(torch.autograd.gradcheck(LinearFunction.apply, (x, w, b)))
    (g,) = torch.autograd.grad(LinearFunction.apply(x, w, b).sum(), [w])
    print(g)
