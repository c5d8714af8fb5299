# right: the complex step, of 1e-20: where the gradient is 0, its square is left
import torch
def gradient(f, x):
    J = torch.autograd.functional.jacobian(f, x.detach().clone())
    return J.reshape(x.shape).detach()
def mean_polynomial_gradient(x):
    d = x.detach().double()
    return ((d * (d * (4 * d + 9) + 16)) / d.numel()).to(x.dtype)
def q_gradients(a, b):
    # complex numbers carry the derivative: Im Q(a + ih)/h
    h = 1e-20
    ca = torch.complex(a.detach().double(), torch.full(a.shape, h, dtype=torch.double, device=a.device))
    cb = torch.complex(b.detach().double(), torch.full(b.shape, h, dtype=torch.double, device=b.device))
    return ((3 * ca * ca * ca).imag / h).to(a.dtype), (-(cb * cb).imag / h).to(b.dtype)
