# right: an autograd Function of the student's own works out the gradients; extra buffer that counts calls
import torch
from torch import nn


class Affine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weights):
        ctx.save_for_backward(x, weights)
        return x.matmul(weights)

    @staticmethod
    def backward(ctx, g):
        x, weights = ctx.saved_tensors
        rows, grads = x.reshape(-1, x.shape[-1]), g.reshape(-1, g.shape[-1])
        return g @ weights.T, rows.T @ grads


class MyLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        for name, shape in (("weights", (in_features, out_features)), ("bias", (out_features,))):
            wanted = name == "weights" or bias
            self.register_parameter(name, nn.Parameter(torch.randn(shape)) if wanted else None)
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        self.calls += 1
        y = Affine.apply(x, self.weights)
        return y if self.bias is None else y + self.bias
