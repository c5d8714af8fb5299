# right: the powers of x as a last dimension, times the parameters in one vector
import torch
from torch.nn import Module
from torch.nn.parameter import Parameter


class MyModel(Module):
    def __init__(self):
        Module.__init__(self)
        start = torch.arange(1, 4, dtype=torch.get_default_dtype())
        self.a, self.b, self.c = (Parameter(value.clone().reshape(1)) for value in start)

    def forward(self, x):
        powers = torch.stack([x.square(), x, torch.ones_like(x)], dim=-1)
        return powers @ torch.cat([self.a, self.b, self.c])
