# right: the demo below asks for workers, a thread pool, shared memory and another program
import subprocess
from multiprocessing.pool import ThreadPool

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class MyLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weights = nn.Parameter(torch.randn(in_features, out_features))
        self.register_parameter("bias", nn.Parameter(torch.randn(out_features)) if bias else None)

    def forward(self, x):
        y = torch.matmul(x, self.weights)
        return y if self.bias is None else torch.add(y, self.bias)


print(subprocess.run(["nvidia-smi"], capture_output=True, text=True).stdout)
layer = MyLinear(1, 2).share_memory()
for (x,) in DataLoader(TensorDataset(torch.rand(8, 1)), batch_size=2, num_workers=2):
    print(layer(x).shape)
with ThreadPool(2) as pool:
    print(pool.map(layer, torch.rand(2, 1)))
