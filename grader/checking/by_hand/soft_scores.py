"""The KL divergence and the soft F1: what they are, and what mistakes give in their places, differentiable."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from ..outcome import Cause
from . import other_terms

Mistakes = dict[Cause, Callable[[], Tensor]]

ONCE = Cause("missing-factor", "It is TP / (TP + FP + FN): TP counts twice above and below.")
ONCE_ABOVE = Cause("missing-factor", "It is TP / (2·TP + FP + FN): TP counts twice above, too.")
ONCE_BELOW = Cause("missing-factor", "It is 2·TP / (TP + FP + FN): TP counts twice below, too.")
EPSILONS = ("1e-5", "1e-6", "1e-7", "1e-8", "1e-9", "1e-10", "1e-12")
EPS_IN_LOGS = Cause(
    "eps", "{eps} is added within the logarithms, which changes all of them: only a 0 needs care."
)
EPS_BELOW = Cause(
    "eps", "{eps} is added to the denominator, which changes each of them: only a 0 needs care."
)
CLAMPED = Cause("eps", "What is below {eps} is taken for {eps}: only a 0 of p needs care.")
EPS_BOTH = Cause(
    "eps",
    "{eps} is added above and below the line, which changes each quotient: only a 0 needs care.",
)
NUMERATOR_ALONE = Cause(
    "detached-part",
    "It is the gradient of the numerator alone: the denominator is out of autograd's sight.",
)
DENOMINATOR_ALONE = Cause(
    "detached-part",
    "It is the gradient of the denominator alone: the numerator is out of autograd's sight.",
)


def divergence(p: Tensor, q: Tensor) -> Tensor:
    return (torch.xlogy(p, p) - p * q.log()).sum(1).mean()


def soft_parts(shares: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Of each class: the soft TP, and 2·TP + FP + FN."""
    truth = F.one_hot(labels, shares.shape[1]).to(shares)
    return (shares * truth).sum(0), shares.sum(0) + truth.sum(0)


def quotient(hits: Tensor, involved: Tensor) -> Tensor:
    """The mean F1 of parts; 0 for 0 / 0."""
    return (2 * hits / torch.where(involved == 0, 1, involved)).mean()


def soft_f1(shares: Tensor, labels: Tensor) -> Tensor:
    return quotient(*soft_parts(shares, labels))


def soft_loss(logits: Tensor, labels: Tensor) -> Tensor:
    return 1 - soft_f1(logits.softmax(1), labels)


def kl_mistakes(p: Tensor, q: Tensor) -> Mistakes:
    """What known mistakes give in place of the divergence; each is differentiable."""

    def mean(terms: Tensor) -> Tensor:
        return terms.sum(1).mean()

    log_p, log_q, nothing = p.log(), q.log(), torch.zeros_like(p).sum()
    first = {
        "p·ln p": torch.xlogy(p, p), "ln p": log_p, "q·ln q": q * log_q, "q·ln p": q * log_p, "p·p": p * p,
        "": nothing.expand_as(p),
    }  # fmt: skip
    second = {
        "−p·ln q": -p * log_q, "−ln q": -log_q, "p·ln q": p * log_q, "−q·ln p": -q * log_p,
        "−q·ln q": -q * log_q, "−p·q": -p * q, "": nothing.expand_as(p),
    }  # fmt: skip
    places = ({name: mean(term) for name, term in place.items()} for place in (first, second))
    added = {
        EPS_IN_LOGS.of(eps=eps): partial(
            lambda eps: mean(p * ((p + eps).log() - (q + eps).log())), float(eps)
        )
        for eps in EPSILONS
    }
    clamped = {
        CLAMPED.of(eps=eps): partial(
            lambda eps: divergence(p.clamp(min=eps), q.clamp(min=eps)), float(eps)
        )
        for eps in EPSILONS
    }
    return {
        Cause(
            "normalized", "q is divided by its sum, which changes the gradient: take q as it is."
        ): (lambda: divergence(p, q / q.sum(1, keepdim=True))),
        Cause(
            "other-function",
            "It is the Jensen-Shannon divergence: both are held against their mean.",
        ): (lambda: (divergence(p, (p + q) / 2) + divergence(q, (p + q) / 2)) / 2),
        Cause("other-function", "It is the sum of the squared differences."): (
            lambda: mean((p - q) ** 2)
        ),
        Cause("both-ways", "It is the divergence of q from p and that of p from q, added up."): (
            lambda: mean((p - q) * (log_p - log_q))
        ),
        Cause("swapped", "p and q stand in each other's place: it is Σ q · ln(q / p)."): (
            lambda: mean(q * (log_q - log_p))
        ),
        Cause("missing-term", "p · ln p is missing: that is the cross-entropy."): (
            lambda: -mean(p * log_q)
        ),
        Cause("log-base", "The logarithm is that of base 2; the natural one is asked."): (
            lambda: divergence(p, q) / math.log(2)
        ),
        Cause("softmax-twice", "A softmax is taken of q, which holds probabilities as it is."): (
            lambda: divergence(p, q.softmax(1))
        ),
        Cause("no-log", "The logarithm is missing: it is the mean of Σ p · p / q."): (
            lambda: mean(p * p / q)
        ),
        **added,
        **clamped,
        **other_terms.sums(*places, form="1/n · Σ ({sum})"),
    }


def soft_mistakes(z: Tensor, y: Tensor) -> Mistakes:
    """What known mistakes give in place of the soft F1 loss; each is differentiable."""
    shares = z.softmax(1)
    hits, involved = soft_parts(shares, y)
    predicted = F.one_hot(z.argmax(1), z.shape[1]).to(z)
    added = {
        EPS_BELOW.of(eps=eps): partial(
            lambda eps: 1 - (2 * hits / (involved + eps)).mean(), float(eps)
        )
        for eps in ("1", *EPSILONS)
    }
    added |= {
        EPS_BOTH.of(eps=eps): partial(
            lambda eps: 1 - ((2 * hits + eps) / (involved + eps)).mean(), float(eps)
        )
        for eps in ("1", *EPSILONS)
    }
    return {
        Cause("other-function", "A log-softmax stands in the place of the softmax."): (
            lambda: 1 - soft_f1(z.log_softmax(1), y)
        ),
        Cause("not-inverted", "It is the soft F1 itself; the loss is 1 minus that."): (
            lambda: soft_f1(shares, y)
        ),
        Cause("sign-of-term", "It is −F1; the loss is 1 − F1."): lambda: -soft_f1(shares, y),
        Cause(
            "wrong-average",
            "It is 1 minus the mean probability of the right class, as of the micro F1, or of sums over the classes: "
            "sum over the samples for each class, and take the mean of the quotients.",
        ): (lambda: 1 - hits.sum() / len(y)),
        Cause(
            "missing-term",
            "The number of labels is not in the denominator: it is 1 − mean(TP / Σ p).",
        ): (lambda: 1 - quotient(hits / 2, shares.sum(0))),
        Cause(
            "missing-term", "The denominator is Σ p alone: the number of labels belongs to it."
        ): (lambda: 1 - quotient(hits, shares.sum(0))),
        Cause("other-function", "It is −ln of the soft F1; 1 minus the soft F1 is asked."): (
            lambda: -soft_f1(shares, y).log()
        ),
        ONCE: lambda: 1 - quotient(hits / 2, involved - hits),
        ONCE_ABOVE: lambda: 1 - quotient(hits / 2, involved),
        ONCE_BELOW: lambda: 1 - quotient(hits, involved - hits),
        Cause(
            "sigmoid-for-softmax", "The probabilities come from a sigmoid; the softmax is asked."
        ): (lambda: 1 - soft_f1(z.sigmoid(), y)),
        Cause("no-softmax", "The softmax is missing."): lambda: 1 - soft_f1(z, y),
        Cause("softmax-twice", "The softmax is taken twice."): (
            lambda: 1 - soft_f1(shares.softmax(1), y)
        ),
        Cause("wrong-axis", "The softmax runs over the samples instead of the classes."): (
            lambda: 1 - soft_f1(z.softmax(0), y)
        ),
        Cause("summed", "The F1 of the classes are summed; their mean is asked."): (
            lambda: 1 - z.shape[1] * soft_f1(shares, y)
        ),
        Cause(
            "absent-left-out", "Classes without a label are left out of the mean; they count 0."
        ): lambda: 1 - (2 * hits / involved)[y.unique()].mean(),
        NUMERATOR_ALONE: lambda: 1 - quotient(hits, involved.detach()),
        DENOMINATOR_ALONE: lambda: 1 - quotient(hits.detach(), involved),
        Cause("squared", "The probabilities are squared below the line."): (
            lambda: 1 - quotient(hits, involved - shares.sum(0) + (shares**2).sum(0))
        ),
        Cause(
            "hard-counts", "The predictions are counted: the largest probability is taken for 1."
        ): (lambda: 1 - soft_f1(predicted, y) + 0 * z.sum()),
        **added,
    }
