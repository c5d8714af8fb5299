# right: products element by element and a sum, no matrix product
import torch
import torch.nn as nn

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class MyLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.use_bias = bias
        normal = torch.distributions.Normal(0.0, 1.0)
        self.weights = torch.nn.parameter.Parameter(normal.sample((in_features, out_features)))
        self.bias = torch.nn.parameter.Parameter(normal.sample((out_features,))) if self.use_bias else None

    def forward(self, input):
        result = (input.unsqueeze(-1) * self.weights).sum(dim=-2)
        if self.use_bias:
            result += self.bias
        return result


layer = MyLinear(2, 3)
print(layer, [name for name, _ in layer.named_parameters()])
optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    layer(torch.ones(4, 2)).pow(2).mean().backward()
    optimizer.step()
