# wrong: one parameter of three numbers, with a, b and c as views
# fails: parameters
# cause: unregistered
import torch
import torch.nn as nn


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))
        self.a, self.b = self.w[:1], self.w[1:2]
        self.c = self.w[2:]

    def forward(self, x):
        y = self.a * x**2 + self.b * x + self.c
        return y
