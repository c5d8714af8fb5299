# right: leading dimensions flattened, torch.addmm, shape restored; numpy draws the numbers
import numpy as np
import torch
from torch import nn


class MyLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        draw = lambda *shape: torch.tensor(np.random.randn(*shape), dtype=torch.get_default_dtype())
        self.weights = nn.Parameter(draw(in_features, out_features))
        self.bias = nn.Parameter(draw(out_features)) if bias else None

    def forward(self, x):
        rows = x.reshape(-1, self.in_features)
        if self.bias is not None:
            rows = torch.addmm(self.bias, rows, self.weights)
        else:
            rows = torch.mm(rows, self.weights)
        return rows.reshape(*x.shape[:-1], self.out_features)


if __name__ == "__main__":
    print(MyLinear(3, 2)(torch.ones(1, 3)))
