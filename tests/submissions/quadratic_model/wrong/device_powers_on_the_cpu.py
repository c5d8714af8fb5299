# wrong: a constant vector of powers is made on the CPU inside of forward
# fails: other_devices
# cause: none
import torch
import torch.nn as nn


class MyModel(nn.Module):
    def __init__(self):
        super(MyModel, self).__init__()
        self.a = nn.Parameter(torch.FloatTensor([1]))
        self.b = nn.Parameter(torch.FloatTensor([2]))
        self.c = nn.Parameter(torch.FloatTensor([3]))

    def forward(self, x):
        powers = x.unsqueeze(-1) ** torch.tensor([2.0, 1.0, 0.0], dtype=x.dtype)
        return powers @ torch.cat([self.a, self.b, self.c])


model = MyModel()
for name, param in model.named_parameters():
    print(name, param)
