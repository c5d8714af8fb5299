# wrong: `forward` reads a list made in `__init__`, where parameters that were set later are missing
# fails: moves_and_is_saved
# cause: stale
import torch
from torch import nn


class MyLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weights = nn.Parameter(torch.randn(in_features, out_features))
        self.register_parameter("bias", nn.Parameter(torch.randn(out_features)) if bias else None)
        self.terms = [self.weights, self.bias]

    def forward(self, x):
        weights, bias = self.terms
        out = x @ weights
        return out if bias is None else out + bias
