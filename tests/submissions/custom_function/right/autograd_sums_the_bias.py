# right: hands on the bias's gradient per sample: autograd itself sums it to the bias's shape
import torch


class LinearFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return x @ weight.T if bias is None else x @ weight.T + bias

    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        need_x, need_weight, need_bias = ctx.needs_input_grad
        grad_x = grad_output @ weight if need_x else None
        per_sample = grad_output[..., :, None] * x[..., None, :]
        grad_weight = per_sample.reshape(-1, *weight.shape).sum(dim=0) if need_weight else None
        return grad_x, grad_weight, grad_output if need_bias else None


class StraightThroughRound(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.empty_like(x).copy_(torch.round(x))

    @staticmethod
    def backward(ctx, grad_output):
        (needed,) = ctx.needs_input_grad
        return grad_output if needed else None
