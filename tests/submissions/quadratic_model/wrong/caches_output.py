# wrong: keeps the output of the first call
# fails: forward
# cause: stale
import torch
import torch.nn as nn


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.y = None
        self.a = nn.Parameter(torch.tensor([1.0]))
        self.b = nn.Parameter(torch.tensor([2.0]))
        self.c = nn.Parameter(torch.tensor([3.0]))

    def forward(self, x):
        if self.y is None:
            self.y = self.a * x**2 + self.b * x + self.c
        y = self.y
        return y
