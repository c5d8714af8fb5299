# right: does not materialise gradients, and answers None to None; a base class of its own
import torch
from torch.nn.functional import linear


class Base(torch.autograd.Function):
    """Checks the number of its arguments."""

    @staticmethod
    def check(x):
        assert torch.is_tensor(x) and x.is_floating_point(), "a floating tensor, please"


class LinearFunction(Base):
    @staticmethod
    def forward(ctx, x, weight, bias):
        Base.check(x)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, weight)
        ctx.lead = tuple(range(x.dim() - 1))
        return linear(x, weight, bias)

    @staticmethod
    def backward(ctx, grad_output):
        if grad_output is None:
            return None, None, None
        x, weight = ctx.saved_tensors
        grads = [None] * 3
        if ctx.needs_input_grad[0]:
            grads[0] = torch.tensordot(grad_output, weight, dims=1)
        if ctx.needs_input_grad[1]:
            grads[1] = torch.tensordot(grad_output, x, dims=(ctx.lead, ctx.lead))
        if ctx.needs_input_grad[2]:
            grads[2] = grad_output.sum(ctx.lead) if ctx.lead else grad_output
        return tuple(grads)


class StraightThroughRound(Base):
    @staticmethod
    def forward(ctx, x):
        Base.check(x)
        ctx.set_materialize_grads(False)
        low = torch.floor(x)
        gap = x - low
        odd = low % 2 != 0
        return torch.where((gap > 0.5) | ((gap == 0.5) & odd), low + 1, low)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output
