# wrong: the numbers 1, 2 and 3 instead of the parameters
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

    def forward(self, x):
        y = 1 * x**2 + 2 * x + 3
        return y
