"""A colon is missing."""

from torch import nn


class MyLinear(nn.Module)
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
