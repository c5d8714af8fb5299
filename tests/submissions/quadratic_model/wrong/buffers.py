# wrong: buffers instead of parameters
# fails: parameters
# cause: unregistered
import torch
import torch.nn as nn


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("a", torch.tensor([1.0]))
        self.register_buffer("b", torch.tensor([2.0]))
        self.register_buffer("c", torch.tensor([3.0]))

    def forward(self, x):
        y = self.a * x**2 + self.b * x + self.c
        return y
