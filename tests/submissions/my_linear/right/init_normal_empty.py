# right: empty tensors filled by nn.init.normal_ in reset_parameters, extra_repr
import torch
from torch import nn, Tensor


class MyLinear(nn.Module):
    """y = x W + b"""

    __constants__ = ["in_features", "out_features"]
    weights: Tensor

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super(MyLinear, self).__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weights = nn.Parameter(torch.empty((in_features, out_features)))
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.normal_(self.weights)
        if self.bias is not None:
            nn.init.normal_(self.bias, mean=0.0, std=1.0)

    def forward(self, x: Tensor) -> Tensor:
        out = torch.einsum("...i,io->...o", x, self.weights)
        return out if self.bias is None else out.add_(self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
