# right: forward without ctx and setup_context, as torch.func wants it; vmap rule; marked inputs
import torch


class LinearFunction(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x, weight, bias):
        return torch.nn.functional.linear(x, weight, bias)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, weight, bias = inputs
        need_x, need_weight, _ = ctx.needs_input_grad
        ctx.save_for_backward(x if need_weight else None, weight if need_x else None)
        ctx.x_shape = x.shape

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        return (
            torch.einsum("...o,oi->...i", grad, weight) if ctx.needs_input_grad[0] else None,
            torch.einsum("...o,...i->oi", grad, x) if ctx.needs_input_grad[1] else None,
            torch.einsum("...o->o", grad) if ctx.needs_input_grad[2] else None,
        )


class StraightThroughRound(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return torch.round(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, grad):
        return grad
