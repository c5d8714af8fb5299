# wrong: torch.rand: uniform between 0 and 1
# fails: standard_normal
# cause: other-distribution
import torch
import torch.nn as nn


class MyLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weights = nn.Parameter(torch.rand(in_features, out_features))
        if bias:
            self.bias = nn.Parameter(torch.rand(out_features))
        else:
            self.register_parameter("bias", None)

    def forward(self, x):
        y = torch.matmul(x, self.weights)
        if self.bias is not None:
            y = y + self.bias
        return y
