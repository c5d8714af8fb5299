# right: works in place on a tensor of its own; parameters by torch.empty and nn.init; demo under __main__
import torch
from torch import nn


class Polynomial(nn.Module):
    """Any polynomial whose coefficients are named parameters, highest power first."""

    names: tuple = ()

    def __init__(self, *values):
        super().__init__()
        for name, value in zip(self.names, values):
            parameter = nn.Parameter(torch.empty(1))
            nn.init.constant_(parameter, value)
            setattr(self, name, parameter)

    def forward(self, x):
        result = torch.zeros_like(x)
        for power, name in enumerate(reversed(self.names)):
            result += getattr(self, name) * x**power
        return result


class MyModel(Polynomial):
    names = ("a", "b", "c")

    def __init__(self):
        super().__init__(1, 2, 3)


if __name__ == "__main__":
    print(MyModel()(torch.tensor([1.0, 2.0])))  # 6, 11
