# wrong: whole numbers cannot require gradients
# fails: parameters
# cause: none
import torch
import torch.nn as nn


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.tensor([1]))
        self.b = nn.Parameter(torch.tensor([2]))
        self.c = nn.Parameter(torch.tensor([3]))

    def forward(self, x):
        y = self.a * x**2 + self.b * x + self.c
        return y
