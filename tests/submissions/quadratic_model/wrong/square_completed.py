# wrong: the square is completed, which divides by `a`: that may be 0
# fails: gradients
# cause: nan
import torch
from torch import Tensor, nn


class MyModel(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for name, value in zip("abc", (1.0, 2.0, 3.0), strict=True):
            self.register_parameter(name, nn.Parameter(torch.full((1,), value)))

    def forward(self, x: Tensor) -> Tensor:
        away = x + self.b / (2 * self.a)
        rest = self.c - self.b**2 / (4 * self.a)
        return self.a * away**2 + rest
