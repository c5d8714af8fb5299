# wrong: makes new parameters at each call
# fails: gradients
# cause: graph-cut
import torch
import torch.nn as nn


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.tensor([1.0]))
        self.b = nn.Parameter(torch.tensor([2.0]))
        self.c = nn.Parameter(torch.tensor([3.0]))

    def forward(self, x):
        a, b, c = (nn.Parameter(p.detach().clone()) for p in (self.a, self.b, self.c))
        y = a * x**2 + b * x + c
        return y
