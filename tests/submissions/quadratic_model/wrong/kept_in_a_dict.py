# wrong: keeps the numbers of its first days in a vector that forward uses
# fails: forward
# cause: constants-used
import torch
import torch.nn as nn


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.tensor([1.0]))
        self.b = nn.Parameter(torch.tensor([2.0]))
        self.c = nn.Parameter(torch.tensor([3.0]))
        self.w = torch.cat([self.a, self.b, self.c])

    def forward(self, x):
        y = self.w[0] * x**2 + self.w[1] * x + self.w[2]
        return y
