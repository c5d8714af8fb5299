"""What the mistakes are called that `optimizer_steps` works out, and what is told of each, optimizer by optimizer."""

from __future__ import annotations

from ..outcome import Cause
from ..telling.explain import LR_IGNORED, UPHILL

_ANY: dict[str, Cause] = {
    "uphill": UPHILL,
    "lr ignored": LR_IGNORED,
    "lr is 0.01": Cause("lr-ignored", "The steps are those of lr=0.01, whatever `lr` is."),
    "lr is 0.001": Cause("lr-ignored", "The steps are those of lr=0.001, whatever `lr` is."),
    "lr squared": Cause("twice", "The learning rate is multiplied in twice."),
    "none ends": Cause(
        "not-updated", "A parameter without a gradient ends the step for those that follow."
    ),
    "begun": Cause(
        "shared",
        "What another optimizer has kept of the same parameters is still there: each begins with "
        "nothing, and keeps what is its own in `self`.",
    ),
}
_DECAY = {
    "no decay": Cause("option-ignored", "The steps are those of weight_decay=0."),
    "decay uphill": Cause("sign-of-term", "The weight decay has the wrong sign."),
    "decay without lr": Cause(
        "decoupled-decay", "The weight decay is taken from the parameter, without the factor lr."
    ),
    "decay twice": Cause(
        "twice", "The weight decay is taken twice: with the gradient, and off the parameter itself."
    ),
    "none as zero": Cause(
        "none-as-zero", "A parameter without a gradient is updated as if that were zero."
    ),
}
_ADAM = {
    "lr 0.01": Cause("wrong-default", "The default of `lr` is 0.01; torch's is 0.001."),
    **_ANY,
    **_DECAY,
    "eps inside": Cause("eps-inside", "eps is added inside the root; it belongs outside."),
    "no betas": Cause(
        "option-ignored", "The steps are those of betas=(0.9, 0.999), whatever `betas` is."
    ),
    "other betas": Cause("wrong-default", "The steps are those of betas=(0.9, 0.99)."),
    "m without factor": Cause("no-factor", "The gradient goes into m without its factor 1 − β₁."),
    "v without factor": Cause("no-factor", "The square goes into s without its factor 1 − β₂."),
    "both without factor": Cause(
        "no-factor", "Gradient and square go into m and s without their factors 1 − β."
    ),
    "betas swapped": Cause("swapped", "The two betas stand in each other's place."),
    "beta1 for both": Cause("swapped", "β₁ stands where β₂ should: it is taken for both means."),
    "beta2 for both": Cause("swapped", "β₂ stands where β₁ should: it is taken for both means."),
    "beta1 in s": Cause(
        "swapped", "β₁ stands where β₂ should in s; the division by 1 − β₂ᵗ has the right one."
    ),
    "beta2 in m": Cause(
        "swapped", "β₂ stands where β₁ should in m; the division by 1 − β₁ᵗ has the right one."
    ),
    "beta1 keeps s": Cause("swapped", "The old s has the factor β₁; it is to be β₂."),
    "beta2 keeps m": Cause("swapped", "The old m has the factor β₂; it is to be β₁."),
    "beta1 for the square": Cause(
        "swapped", "The square has the factor 1 − β₁; it is to be 1 − β₂."
    ),
    "beta2 for the gradient": Cause(
        "swapped", "The gradient has the factor 1 − β₂ in m; it is to be 1 − β₁."
    ),
    "beta1 corrects s": Cause("swapped", "s is divided by 1 − β₁ᵗ; it is to be 1 − β₂ᵗ."),
    "beta2 corrects m": Cause("swapped", "m is divided by 1 − β₂ᵗ; it is to be 1 − β₁ᵗ."),
    "power of 1 − β": Cause(
        "precedence", "m and s are divided by (1 − β)ᵗ: the exponent belongs to β alone, 1 − βᵗ."
    ),
    "t is 1": Cause(
        "step-count", "t is 1 at every step of a parameter: it is to count them, 1, 2, 3 and so on."
    ),
    "no correction of m": Cause("bias-correction", "m is not divided by 1 − β₁ᵗ."),
    "no correction of v": Cause("bias-correction", "s is not divided by 1 − β₂ᵗ."),
    "no correction": Cause("bias-correction", "m and s are not divided by 1 − βᵗ."),
    "crossed correction": Cause(
        "bias-correction", "m is divided by 1 − β₂ᵗ, and s by 1 − β₁ᵗ: it is the other way round."
    ),
    "correction by product": Cause(
        "bias-correction", "m and s are divided by 1 − β · t; t is an exponent: 1 − βᵗ."
    ),
    "corrected ones kept": Cause(
        "stale", "What is kept for the next step is m̂ and ŝ; m and s themselves are to be kept."
    ),
    "no m": Cause("missing-term", "The step is made of the gradient itself, where m̂ should stand."),
    "means anew": Cause(
        "stale", "m and s hold the last gradient alone: they do not last until the next step."
    ),
    "square of m": Cause(
        "wrong-power", "The square of m goes into s; that of the gradient should."
    ),
    "eps before correction": Cause(
        "eps-inside", "eps is added to √s, before the division by √(1 − β₂ᵗ); it belongs after it."
    ),
    "eps after division": Cause(
        "precedence", "eps is added to the step, and not to the root: put √ŝ + eps in parentheses."
    ),
    "no root": Cause("no-root", "The step is divided by ŝ instead of by its root."),
    "late count": Cause(
        "step-count", "The count of the steps starts too late: t is 2 at first, and is to be 1."
    ),
    "early count": Cause("step-count", "The count of the steps starts at 0; t is 1 at first."),
    "one count": Cause("step-count", "One count goes up with every parameter, not every step."),
    "count of all": Cause(
        "shared", "The steps of another optimizer are counted too: each optimizer counts its own."
    ),
    "count of all since": Cause(
        "shared",
        "The steps of other optimizers are counted too: each optimizer counts its own.",
    ),
    "count goes on": Cause("step-count", "The count goes on for a parameter that is skipped."),
}
_COUPLED = {
    "one velocity a shape": Cause(
        "shared", "Parameters of one shape share a velocity: each parameter has one of its own."
    ),
    "decay with lr": Cause(
        "twice",
        "The weight decay has the factor lr before it goes into the gradient, and again in the step.",
    ),
    "decay apart": Cause(
        "decoupled-decay",
        "The weight decay goes past what is kept of the gradients, as in AdamW: add it to the gradient first.",
    ),
}
_SGD = {
    **_ANY,
    **_DECAY,
    **_COUPLED,
    "no momentum": Cause(
        "option-ignored",
        "The steps are those of momentum=0: it is not used, or what is kept of a parameter is gone at its next step.",
    ),
    "no nesterov": Cause("option-ignored", "The steps are those of nesterov=False."),
    "dampened": Cause(
        "dampened",
        "From a parameter's second step on, the gradient is multiplied by 1 − momentum, as in Adam.",
    ),
    "dampened always": Cause(
        "dampened",
        "The gradient is multiplied by 1 − momentum, as in Adam: v is to be momentum · v + g, and g at first.",
    ),
    "velocity anew": Cause(
        "stale",
        "The step is made of the last gradient alone: the velocity has no part in it, or does not last until the next "
        "step.",
    ),
    "grad kept": Cause(
        "view-kept",
        "What is kept is the very tensor in `.grad`, which the next `backward()` fills anew: keep `p.grad.clone()`.",
    ),
    "grad kept in place": Cause(
        "view-kept",
        "What is kept is the very tensor in `.grad`, and is changed in place there: keep `p.grad.clone()`.",
    ),
    "nesterov without gradient": Cause(
        "missing-term", "Nesterov's step is the gradient plus momentum · velocity; it is missing."
    ),
    "nesterov with the old": Cause(
        "stale", "Nesterov's step takes the velocity before its update; it is to be the new one."
    ),
    "always nesterov": Cause(
        "option-ignored", "The steps are those of nesterov=True, whatever `nesterov` is."
    ),
    "zero at first": Cause(
        "missing-term", "The velocity is 0 at a parameter's first step; it is to be g."
    ),
}
_ROOTS = {
    "lr 0.001": Cause("wrong-default", "The default of `lr` is 0.001; it is to be 0.01."),
    **_ANY,
    "eps inside": Cause("eps-inside", "eps is added inside the root; it belongs outside."),
    "one velocity a shape": Cause(
        "shared", "Parameters of one shape share what is kept: each parameter has its own."
    ),
    "inverse": Cause(
        "wrong-power", "The gradient is multiplied by √s + eps; it is to be divided by that."
    ),
    "squares anew": Cause(
        "stale", "s holds the last square alone: it does not last until the next step."
    ),
    "root of the old": Cause("stale", "The root is that of s before its update."),
    "no square": Cause("wrong-power", "The gradient itself goes into s; its square should."),
    "no root": Cause("no-root", "The step is divided by s instead of by its root."),
    "eps after division": Cause(
        "precedence", "eps is added to the step, and not to the root: put √s + eps in parentheses."
    ),
}

BY_KIND: dict[str, dict[str, Cause]] = {
    "MySGD": _SGD,
    "MyAdam": {
        **_COUPLED,
        "decay not in s": Cause(
            "missing-term",
            "The square that goes into s is that of the gradient without the weight decay.",
        ),
        "no eps": Cause("option-ignored", "The steps are those of eps=1e-8, whatever `eps` is."),
        **_ADAM,
    },
    "MyAdagrad": {
        **_ROOTS,
        "no eps": Cause("option-ignored", "The steps are those of eps=1e-10, whatever `eps` is."),
        **{
            f"running-mean-{alpha}": Cause(
                "sum-or-mean",
                "s is a running mean, as in RMSProp; AdaGrad's is the sum of all squares.",
                (("alpha", alpha),),
            )
            for alpha in ("0.99", "0.9", "0.5")
        },
        "mean of all": Cause(
            "sum-or-mean", "s is divided by the number of steps; it is to be the sum of all squares."
        ),
    },
    "MyRMSprop": {
        **_ROOTS,
        "none as zero": _DECAY["none as zero"],
        "no eps": Cause("option-ignored", "The steps are those of eps=1e-8, whatever `eps` is."),
        "no alpha": Cause("option-ignored", "The steps are those of alpha=0.99, whatever `alpha` is."),
        "other alpha": Cause("wrong-default", "The steps are those of alpha=0.9."),
        "alpha swapped": Cause("swapped", "α and 1 − α stand in each other's place."),
        "s without factor": Cause("no-factor", "The square goes into s without its factor 1 − α."),
        "sum of squares": Cause(
            "sum-or-mean", "s is the sum of all squares, as in AdaGrad; RMSProp's is a running mean."
        ),
        "corrected": Cause(
            "bias-correction", "s is divided by 1 − αᵗ, as in Adam; RMSProp does not correct it."
        ),
        "no momentum": Cause(
            "option-ignored",
            "The steps are those of momentum=0: it is not used, or the velocity is gone at the next step.",
        ),
        "dampened always": Cause(
            "dampened", "What goes into the velocity is multiplied by 1 − momentum; it is to be all of d."
        ),
        "alpha in velocity": Cause(
            "swapped", "The old velocity has the factor α; it is to be the momentum μ."
        ),
        "old velocity": Cause(
            "stale", "The step is made of the velocity before its update; it is to be the new one."
        ),
        "nesterov": Cause(
            "term-too-many", "The step is μ v + d with the new v, as with Nesterov; it is to be v."
        ),
        "velocity of gradients": Cause(
            "order", "The velocity is one of gradients, and divided afterwards: divide by √s + eps first."
        ),
        "rate in velocity": Cause(
            "order",
            "The learning rate goes into the velocity, so that an earlier step has its earlier rate: multiply the "
            "velocity by `lr` where the step is taken.",
        ),
    },
    "MyAdamW": {
        **_ADAM,
        "no eps": Cause("option-ignored", "The steps are those of eps=1e-8, whatever `eps` is."),
        "one velocity a shape": _ROOTS["one velocity a shape"],
        "decay coupled": Cause(
            "coupled-decay",
            "The weight decay goes into the gradient, as in Adam: AdamW takes lr · λ · p off the parameter itself.",
        ),
        "decay after": Cause(
            "new-for-old", "The weight decay is that of the parameter after the step; take it of the old one."
        ),
    },
}  # fmt: skip

# whatever the optimizer: its parameters, and their groups
UNMOVED = Cause(
    "not-updated",
    "The parameters are as they were: no step has changed the tensors themselves. An update such as `p = p - …` gives "
    "the name another tensor; `p -= …` or `p.sub_(…)` within `torch.no_grad()` changes the parameter.",
)
USED_UP = Cause(
    "used-up",
    "With a list it is right. A generator can be gone through once, and has nothing left after that: keep a list of "
    "what it gives.",
)
SAME_IN_ALL = Cause(
    "option-ignored",
    "All groups have the same {names}: a group may say its own, which `step()` is to read in that group.",
)
OF_THE_CALL = Cause(
    "option-ignored",
    "The steps of all groups are those of the call's {names}: neither what a group says of it is used, nor what "
    "`param_groups` says later.",
)
AS_AT_FIRST = Cause(
    "stale",
    "The steps are those of {names} as at the start: `step()` is to read that in `param_groups`, where it may have "
    "been changed.",
)
GROUPS_IGNORED = Cause("option-ignored", "What a group says itself is not used.")
NOTHING_READ = Cause(
    "option-ignored",
    "All steps are those of the call's arguments: neither what a group says itself is used, nor what is changed in "
    "`param_groups`.",
)
FIRST_FOR_ALL = Cause("shared", "All parameters have the settings of the first group.")
LAST_FOR_ALL = Cause("shared", "All parameters have the settings of the last group.")
FIRST_ALONE = Cause("not-updated", "Only the parameters of the first group move.")
LAST_ALONE = Cause("not-updated", "Only the parameters of the last group move.")
CHANGE_IGNORED = Cause(
    "stale",
    "The steps are those of the settings at the start: `step()` is to go through `self.param_groups` itself, and to "
    "read them there, where they may have been changed.",
)
