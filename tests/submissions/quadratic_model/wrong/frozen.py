# wrong: the parameters do not require gradients
# fails: parameters
# cause: no-grad
import torch
import torch.nn as nn


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.tensor([1.0]), requires_grad=False)
        self.b = nn.Parameter(torch.tensor([2.0]), requires_grad=False)
        self.c = nn.Parameter(torch.tensor([3.0]), requires_grad=False)

    def forward(self, x):
        y = self.a * x**2 + self.b * x + self.c
        return y
