# I: raises a text of ten megabytes
import torch
from torch import nn


class MyLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weights = nn.Parameter(torch.randn(in_features, out_features))
        self.bias = nn.Parameter(torch.randn(out_features)) if bias else None

    def forward(self, x):
        raise ValueError('A' * 10_000_000)
        return torch.zeros(*x.shape[:-1], self.out_features, dtype=x.dtype)
