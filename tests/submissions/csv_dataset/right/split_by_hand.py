# right: quotes and commas by hand, two spaces, Korean comments, prints, demo code at module level
import os
import tempfile
import torch
from torch.utils.data import Dataset, DataLoader

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

def split(line):
  fields, field, quoted, i = [], "", False, 0
  while i < len(line):
    c = line[i]
    if c == '"' and quoted and line[i+1:i+2] == '"':
      field, i = field + '"', i + 1
    elif c == '"':
      quoted = not quoted
    elif c == "," and not quoted:
      fields.append(field)
      field = ""
    else:
      field += c
    i += 1
  return fields + [field]

class CsvDataset(Dataset):
  def __init__(self, path, target, transform = None):
    # 파일 읽기
    f = open(path, 'r')
    lines = f.read().split("\n")
    f.close()
    lines = [l.strip() for l in lines if l.strip() != ""]
    self.columns = split(lines[0])
    if self.columns.count(target) == 0:
      raise ValueError("'%s' is not in %s" % (target, self.columns))
    self.t = self.columns.index(target)
    self.data = []
    for l in lines[1:]:
      self.data.append(list(map(float, split(l))))
    self.transform = transform
    print("samples:", len(self.data))

  def __len__(self):
    return len(self.data)

  def __getitem__(self, idx):
    row = self.data[idx]
    x = torch.FloatTensor(row[:self.t] + row[self.t+1:])
    y = torch.tensor(row[self.t]).float()
    if self.transform:
      x = self.transform(x)
    return x, y

# 테스트
folder = tempfile.mkdtemp()
p = os.path.join(folder, "test.csv")
with open(p, "w") as f:
  f.write("a,b\n1,2\n\n3,4\n")
for x, y in DataLoader(CsvDataset(p, "b"), batch_size=2):
  print(x, y)
