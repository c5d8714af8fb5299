# wrong: "cuda:0" is written into forward
# fails: forward
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
        return self.a * torch.pow(x, 2) + torch.zeros(1, device="cuda:0") + self.b * x + self.c


model = MyModel()
for name, param in model.named_parameters():
    print(name, param)
