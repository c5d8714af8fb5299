# wrong: keeps the first x it was given
# fails: forward
# cause: stale
import torch
import torch.nn as nn


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.x = None
        self.a = nn.Parameter(torch.tensor([1.0]))
        self.b = nn.Parameter(torch.tensor([2.0]))
        self.c = nn.Parameter(torch.tensor([3.0]))

    def forward(self, x):
        if self.x is None or self.x.shape == x.shape:
            self.x = x
        else:
            x = self.x
        y = self.a * x**2 + self.b * x + self.c
        return y
