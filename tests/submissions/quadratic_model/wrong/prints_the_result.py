# wrong: prints the result instead of returning it
# fails: forward
# cause: no-return
import torch
import torch.nn as nn


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.tensor([1.0]))
        self.b = nn.Parameter(torch.tensor([2.0]))
        self.c = nn.Parameter(torch.tensor([3.0]))

    def forward(self, x):
        y = self.a * x**2 + self.b * x + self.c
        print(y)
