# right: two spaces, Korean comments, a dict of gradients by the position in the order
import torch

class Value:
  # 노드 하나: 값, 기울기, 그리고 어디서 왔는지
  def __init__(self, data, op='leaf', children=[]):
    self.data = data
    self.grad = torch.zeros(data.shape, dtype=data.dtype, device=data.device)
    self.op = op
    self.children = children

  def __add__(self, other):
    return Value(self.data + other.data, '+', [self, other])

  def __mul__(self, other):
    return Value(self.data * other.data, '*', [self, other])

  def tanh(self):
    return Value(self.data.tanh(), 'tanh', [self])

  def backward(self):
    # 위상 정렬 (반복문으로)
    order = []
    visited = set()
    stack = [(self, False)]
    while stack:
      node, done = stack.pop()
      if done:
        order.append(node)
      elif node not in visited:
        visited.add(node)
        stack.append((node, True))
        for c in node.children:
          stack.append((c, False))
    g = {}
    for n in order:
      g[n] = torch.zeros_like(n.data)
    g[self] += 1
    # 뿌리에서 잎으로
    for n in order[::-1]:
      if n.op == '+':
        a, b = n.children
        g[a] = g[a] + g[n]
        g[b] = g[b] + g[n]
      elif n.op == '*':
        a, b = n.children
        g[a] = g[a] + b.data * g[n]
        g[b] = g[b] + a.data * g[n]
      elif n.op == 'tanh':
        a = n.children[0]
        g[a] = g[a] + (1 - n.data ** 2) * g[n]
      else:
        n.grad = n.grad + g[n]

def leaves_of(root):
  # 잎이면 자기 자신
  if root.requires_grad == False:
    return []
  if root.is_leaf == True:
    return [root]
  result = []
  visited = set()
  def dfs(fn):
    visited.add(fn)
    if str(fn.name()).endswith('AccumulateGrad'):
      result.append(fn.variable)
    else:
      for k in range(len(fn.next_functions)):
        child = fn.next_functions[k][0]
        if child != None and child not in visited:
          dfs(child)
  dfs(root.grad_fn)
  return result

def gradients_of_each(losses, parameters):
  out = []
  n = len(losses)
  for i in range(n):
    if i < n - 1:
      g = torch.autograd.grad(losses[i], parameters, retain_graph=True)
    else:
      g = torch.autograd.grad(losses[i], parameters)
    out.append(list(g))
  return out

def watch(tensor):
  seen = []
  def hook(g):
    print('기울기:', g.shape)
    seen.append(g.clone().detach())
  handle = tensor.register_hook(hook)
  return (seen, handle)

def truncated_backward(cell, state, inputs):
  for x in inputs:
    state = state.detach()
    state, loss = cell(state, x)
    loss.backward()
  return state.detach()

def without_graph(f, x):
  with torch.no_grad():
    y = f(x)
  return y
