# wrong: casts x to float32
# fails: forward
# cause: dtype
import torch
import torch.nn as nn


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.tensor([1.0]))
        self.b = nn.Parameter(torch.tensor([2.0]))
        self.c = nn.Parameter(torch.tensor([3.0]))

    def forward(self, x):
        x = x.float()
        y = self.a.float() * x**2 + self.b.float() * x + self.c.float()
        return y
