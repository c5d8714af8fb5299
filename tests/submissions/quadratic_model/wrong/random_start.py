# wrong: the parameters start at random
# fails: first_values
# cause: wrong-start
import torch
import torch.nn as nn


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.randn(1))
        self.b = nn.Parameter(torch.randn(1))
        self.c = nn.Parameter(torch.randn(1))

    def forward(self, x):
        y = self.a * x**2 + self.b * x + self.c
        return y
