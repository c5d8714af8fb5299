# wrong: plain tensors that require gradients are no parameters
# fails: parameters
# cause: unregistered
import torch
import torch.nn as nn


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.tensor([1.0], requires_grad=True)
        self.b = torch.tensor([2.0], requires_grad=True)
        self.c = torch.tensor([3.0], requires_grad=True)

    def forward(self, x):
        y = self.a * x**2 + self.b * x + self.c
        return y
