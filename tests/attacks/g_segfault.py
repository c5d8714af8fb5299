# G: reads from address 0
import torch
from torch import nn


class MyLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weights = nn.Parameter(torch.randn(in_features, out_features))
        self.bias = nn.Parameter(torch.randn(out_features)) if bias else None

    def forward(self, x):
        import faulthandler
        import os, signal
        os.kill(os.getpid(), signal.SIGSEGV)
        return torch.zeros(*x.shape[:-1], self.out_features, dtype=x.dtype)
