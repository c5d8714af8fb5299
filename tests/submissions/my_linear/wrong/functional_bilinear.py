# wrong: calls F.bilinear with ones, a ready-made linear layer in disguise
# fails: forward
# cause: none
import torch
import torch.nn as nn


class MyLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weights = nn.Parameter(torch.randn(in_features, out_features))
        if bias:
            self.bias = nn.Parameter(torch.randn(out_features))
        else:
            self.register_parameter("bias", None)

    def forward(self, x):
        y = torch.nn.functional.bilinear(torch.ones_like(x[..., :1]), x, self.weights.T.unsqueeze(1)) if x.dim() > 1 else x @ self.weights
        if self.bias is not None:
            y = y + self.bias
        return y
