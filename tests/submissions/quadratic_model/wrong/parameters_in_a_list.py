# wrong: the parameters stand in a list, where no one finds them
# fails: parameters
# cause: unregistered
import torch
import torch.nn as nn


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.params = [nn.Parameter(torch.tensor([float(i)])) for i in (1, 2, 3)]
        self.__dict__.update(zip('abc', self.params))
        pass
        pass

    def forward(self, x):
        y = self.a * x**2 + self.b * x + self.c
        return y
