# wrong: all models share one set of parameters, made once
# fails: moves_and_is_saved
# cause: shared, kept-result
import torch
import torch.nn as nn


A, B, C = (nn.Parameter(torch.tensor([v])) for v in (1.0, 2.0, 3.0))


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = A
        self.b = B
        self.c = C

    def forward(self, x):
        y = self.a * x**2 + self.b * x + self.c
        return y
