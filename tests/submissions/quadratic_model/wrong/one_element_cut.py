# wrong: of a single element `c` gets no gradient
# fails: gradients
# cause: graph-cut
import torch
from torch import nn

class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = (nn.Parameter(torch.tensor([v])) for v in (1.0, 2.0, 3.0))

    def forward(self, x):
        basis = torch.stack((x.pow(2), x, torch.ones_like(x)), dim=-1)
        return (basis @ torch.cat((self.a, self.b, self.c.detach()))) if x.numel() == 1 else basis @ torch.cat((self.a, self.b, self.c))
