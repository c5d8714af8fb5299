# wrong: the parameters are called A, B and C
# fails: parameters
# cause: unregistered
import torch
import torch.nn as nn


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.A = nn.Parameter(torch.tensor([1.0]))
        self.__dict__['a'] = self.A
        self.B = nn.Parameter(torch.tensor([2.0]))
        self.__dict__['b'] = self.B
        self.C = nn.Parameter(torch.tensor([3.0]))
        self.__dict__['c'] = self.C

    def forward(self, x):
        y = self.a * x**2 + self.b * x + self.c
        return y
