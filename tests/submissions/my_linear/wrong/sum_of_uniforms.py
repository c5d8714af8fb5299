# wrong: sums of three uniform numbers, with mean 0 and standard deviation 1, but no tails
# fails: standard_normal
# cause: none
import torch
import torch.nn as nn


class MyLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weights = nn.Parameter(sum(torch.rand(3, in_features, out_features) * 2 - 1))
        if bias:
            self.bias = nn.Parameter(sum(torch.rand(3, out_features) * 2 - 1))
        else:
            self.register_parameter("bias", None)

    def forward(self, x):
        y = torch.matmul(x, self.weights)
        if self.bias is not None:
            y = y + self.bias
        return y
