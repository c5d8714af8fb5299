# right: Horner's scheme with addcmul; register_parameter; types
import torch
from torch import Tensor, nn


class MyModel(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for name, value in zip("abc", (1.0, 2.0, 3.0), strict=True):
            self.register_parameter(name, nn.Parameter(torch.full((1,), value)))

    def forward(self, x: Tensor) -> Tensor:
        """c + x·(b + a·x)"""
        return torch.addcmul(self.c, x, torch.addcmul(self.b, self.a, x))
