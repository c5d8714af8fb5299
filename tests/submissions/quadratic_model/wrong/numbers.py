# wrong: plain numbers instead of parameters
# fails: parameters
# cause: unregistered
import torch
import torch.nn as nn


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = 1.0
        self.b = 2.0
        self.c = 3.0

    def forward(self, x):
        y = self.a * x**2 + self.b * x + self.c
        return y
