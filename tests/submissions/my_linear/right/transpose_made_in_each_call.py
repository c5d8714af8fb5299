# right: a property gives the transpose, made anew in each call; the parameters are looked up by their names
import torch
from torch import nn


class MyLinear(nn.Module):
    names = "weights", "bias"

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        for name, size in zip(self.names, [(in_features, out_features), (out_features,)]):
            self.register_parameter(name, nn.Parameter(torch.randn(size)))
        if not bias:
            self.bias = None

    @property
    def turned(self):
        return self.weights.T

    def forward(self, x):
        out = (self.turned @ x.unsqueeze(-1)).squeeze(-1)
        return out if self.bias is None else out + self.bias
