"""Attention: from its formula to an encoder block

A convolution looks at its neighbours; attention looks wherever it likes. Every place of a sequence
asks a question (a query), every place has a name (a key) and something to tell (a value). The better
a query fits a key, the more of that value comes back. That is a softmax between two matrix products,
and the rest of a transformer stands around it: several heads, a residual connection, a normalization,
a small network for each place.

- Attention: `$S = q · kᵀ / √d$`, where d is the number of features of a query; each row of S becomes
  shares by a softmax, `$P = softmax(S)$`, and `$y = P · v$`. Divided by √d the scores keep their
  size for long queries as well, so that the softmax does not become a choice of one.
- A mask says who may look where: `True` at (i, j) lets query i look at key j. Elsewhere the share is
  0, and the others add up to 1 without it. So the mask comes before the softmax: there a score of −∞
  becomes a share of 0.
- Heads: h attentions side by side, each on its own d/h features, which each place has after it was
  multiplied by a matrix. So one place can look at several others for several reasons.
- The encoder block, with the normalization first ("pre-norm"): `$z = x + D(attention(N₁(x)))$`, then
  `$y = z + D(F(N₂(z)))$`. N₁ and N₂ are layer norms, D is dropout, and
  `$F(a) = W₂ · relu(W₁ · a + b₁) + b₂$`, the small network, is applied to each place by itself.

**A number to check.** One query `[1, 0, 0, 0]`, so that √d = 2, and two keys, `[2.1972, 0, 0, 0]` and
`[0, 0, 0, 0]`. The scores are 1.0986 = ln 3 and 0, the shares 3/4 and 1/4. With the values `[4]` and
`[8]` the result is 3/4 · 4 + 1/4 · 8 = 5. With the mask `[False, True]` it is 8, and with
`[False, False]` it is 0.

**A row that may look at nothing.** Its softmax would be that of −∞ alone, which is 0/0. Here its
result is 0, and it hands on no gradient (0, not NaN): `F.scaled_dot_product_attention` decides it
that way too.

**Rules.** From scratch: not by `F.scaled_dot_product_attention`, `nn.MultiheadAttention`,
`nn.TransformerEncoderLayer` or their kin. All else is allowed: `torch.softmax`, `@`, `torch.einsum`,
`nn.Linear`, `nn.LayerNorm`, `nn.Dropout`, ….

- Results have the dtype and the device of the inputs and the parameters. Autograd works out the
  gradients of all that is not a mask.
- Inputs are left as they were. Every size may be 1, and inputs may be non-contiguous. Numbers are
  finite, and no tensor is empty. Scores may be as large as ±10⁵.

- B is the number of sequences, and n the number of places in each.
- Masks are bool tensors, and `True` means *may look*, as in `F.scaled_dot_product_attention`.
  (`nn.MultiheadAttention` has it the other way round.)
- Parameters may begin with any finite numbers; only their names and shapes are fixed. The names are
  those that `named_parameters()` tells: an `nn.Linear` that is kept in `self.query` has `query.weight`
  and `query.bias`.
- float16 and bfloat16 are taken by `attention` without a mask, `split_heads` and `merge_heads`. All
  else is asked in float32 and float64.
- What counts is what your functions do when they run. Imports, annotations, `isinstance`, and tests
  under `if __name__ == "__main__":` are free. A function that breaks the rule loses its own points;
  the others keep theirs. Functions that a rule is for start no threads.
- An answer depends on the arguments and the parameters alone, and that of dropout on chance: not on
  earlier calls, nor on torch's default dtype or device, unless that is said. What was handed out
  earlier stays as it was.

See: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
"""

import math

import torch
from torch import Tensor, nn


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Scaled dot-product attention: for each query the mean of the values, weighted by how well their keys fit.

    Args:
        q: the queries, shape (…, n, d); any number of leading dimensions, none as well.
        k: the keys, shape (…, m, d), with the same leading dimensions.
        v: the values, shape (…, m, e).
        mask: which query may look at which key, a bool tensor that broadcasts to (…, n, m); `None` for all.

    Returns:
        Shape (…, n, e). A row that may look at nothing is 0.
    """
    # YOUR CODE HERE
    raise NotImplementedError("attention is not written yet")


def causal_mask(n: int, device: torch.device | str | None = None) -> Tensor:
    """The mask of a sequence in which no place may look at a later one.

    Args:
        n: the length of the sequence.
        device: where the mask lies; by default on torch's default device.

    Returns:
        A bool tensor of shape (n, n), `True` at (i, j) for j ≤ i.
    """
    # YOUR CODE HERE
    raise NotImplementedError("causal_mask is not written yet")


def padding_mask(lengths: Tensor, size: int) -> Tensor:
    """The mask of sequences that were filled up to one size: nobody may look at what was filled in.

    Args:
        lengths: the length of each sequence, int64 of shape (B,), each from 0 to `size`.
        size: the size that all were filled up to.

    Returns:
        A bool tensor of shape (B, 1, size) on the device of `lengths`, `True` at (b, 0, j) for
        j < lengths[b]. So it fits (B, n, size), and `padding_mask(…) & causal_mask(size)` is both.
    """
    # YOUR CODE HERE
    raise NotImplementedError("padding_mask is not written yet")


def split_heads(x: Tensor, heads: int) -> Tensor:
    """The features of each place, shared out among the heads: the first ones to the first head, and so on.

    Args:
        x: shape (B, n, dim); `heads` divides dim.
        heads: how many heads there are.

    Returns:
        Shape (B, heads, n, dim / heads); it may be a view of `x`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("split_heads is not written yet")


def merge_heads(x: Tensor) -> Tensor:
    """The way back: `merge_heads(split_heads(x, heads))` is `x`.

    Args:
        x: shape (B, heads, n, d).

    Returns:
        Shape (B, n, heads · d); it may be a view of `x`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("merge_heads is not written yet")


class MultiHead(nn.Module):
    """Attention of a sequence to itself, with several heads.

    Queries, keys and values are each a linear layer of x. They are split into heads, each head has its
    attention, and a last linear layer takes what the heads give, merged.

    The parameters are these eight, and no others: `query.weight`, `key.weight`, `value.weight` and
    `out.weight`, each (dim, dim) as `nn.Linear` has it, so that the query is x · Wᵀ + b; and `query.bias`,
    `key.bias`, `value.bias` and `out.bias`, each (dim,).
    """

    def __init__(self, dim: int, heads: int) -> None:
        """Make the layers.

        Args:
            dim: the number of features of each place.
            heads: the number of heads, which divides `dim`.
        """
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError("MultiHead.__init__ is not written yet")

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Each place looks at all places that the mask lets it.

        Args:
            x: shape (B, n, dim).
            mask: a bool tensor of shape (n, n), (B, n, n) or (B, 1, n), the same for all heads; or `None`.
                With two dimensions it is the same for all sequences, even where B = n.

        Returns:
            Shape (B, n, dim).
        """
        # YOUR CODE HERE
        raise NotImplementedError("MultiHead.forward is not written yet")


class EncoderBlock(nn.Module):
    """The block of which a transformer's encoder is a stack, with the normalization first.

    Its parameters are the eight of a `MultiHead` in `attention` (`attention.query.weight`, …);
    `norm1.weight`, `norm1.bias`, `norm2.weight` and `norm2.bias`, each (dim,), of layer norms over the
    features with ε = 10⁻⁵; `linear1.weight` (hidden, dim) and `linear1.bias` (hidden,), `linear2.weight`
    (dim, hidden) and `linear2.bias` (dim,). There are no others.
    """

    def __init__(self, dim: int, heads: int, hidden: int, dropout: float = 0.1) -> None:
        """Make the layers.

        Args:
            dim: the number of features of each place.
            heads: the number of heads, which divides `dim`.
            hidden: the number of features between the two linear layers.
            dropout: the probability with which a number becomes 0, from 0 to 1, both included.
        """
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError("EncoderBlock.__init__ is not written yet")

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attention and the small network, each of the normalized, and each added to what it was made of.

        In training each of the two results goes through dropout just before it is added: a number
        becomes 0 or is divided by 1 − dropout. It is drawn for each number of each of the two by
        itself, anew in each call. With dropout = 1 all of both becomes 0, so that y is x. There is no
        other dropout, and none in evaluation.

        Args:
            x: shape (B, n, dim).
            mask: as `MultiHead` takes it.

        Returns:
            Shape (B, n, dim).
        """
        # YOUR CODE HERE
        raise NotImplementedError("EncoderBlock.forward is not written yet")
