# wrong: state_dict calls the weights by another name, which load_state_dict does not undo
# fails: moves_and_is_saved
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

    def state_dict(self, *args, **kwargs):
        state = super().state_dict(*args, **kwargs)
        return {key.replace("weights", "weight"): value for key, value in state.items()}

    def forward(self, x):
        y = torch.matmul(x, self.weights)
        if self.bias is not None:
            y = y + self.bias
        return y
