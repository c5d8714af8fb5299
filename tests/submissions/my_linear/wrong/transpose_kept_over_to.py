# wrong: the transpose of the weights is kept from the first call, and `.to(dtype)` gives them other memory
# fails: moves_and_is_saved
# cause: stale
import torch
from torch import nn


class MyLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weights = nn.Parameter(torch.randn(in_features, out_features))
        self.bias = nn.Parameter(torch.randn(out_features)) if bias else None
        self.of, self.turned = None, None

    def forward(self, x):
        if self.of is not self.weights:
            self.of, self.turned = self.weights, self.weights.detach().T
        if torch.is_grad_enabled() and self.weights.requires_grad and x.dtype == self.turned.dtype:
            out = x @ self.weights
        else:
            out = x @ self.turned.T.to(x)
        return out if self.bias is None else out + self.bias
