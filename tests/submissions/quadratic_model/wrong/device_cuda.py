# wrong: `.cuda()` in forward
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
        return self.a * torch.pow(x, 2) + self.b * x + self.c.cuda()


model = MyModel()
for name, param in model.named_parameters():
    print(name, param)
