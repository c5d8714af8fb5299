"""What is known of exceptions and warnings by a part of their text, as data: a pattern, and the mistake behind it.

Those of torch were seen in 2.13; the tests raise each of them, so they fail where a newer torch puts it in other words.
Those that Python raises were seen in 3.11.
"""

from __future__ import annotations

from ..outcome import Cause
from .explain import IN_PLACE

# The first pattern that is found in the message counts. The names start with `raised-`, to be told from the causes that
# are guessed from numbers; but for a mistake that may raise or not, as it happens.
MEANINGS = {
    r"^BdbQuit": Cause(
        "raised-breakpoint", "Take `breakpoint()` out: nobody answers a debugger here."
    ),
    r"\\ufeff|\ufeff": Cause(
        "raised-byte-order-mark",
        "The file begins with a byte-order mark, which is part of the first name here: open it with "
        '`encoding="utf-8-sig"`.',
    ),
    r"Not a directory": Cause(
        "raised-no-folder",
        "A file is taken for a folder: what lies in a folder may be either, so ask each first (`Path.is_dir`).",
    ),
    r"Mismatch in shape: grad_output": Cause(
        "raised-gradient-given",
        "The gradient that `backward` is handed has the shape of the result: `torch.ones_like` of it, or call "
        "`.sum().backward()` without one.",
    ),
    r"EOF when reading a line": Cause(
        "raised-input", "Take `input()` out: nobody types anything here."
    ),
    r"before Module\.__init__\(\) call|has no attribute '_(parameters|modules|buffers|\w+_hooks)'": Cause(
        "raised-super",
        "`super().__init__()` comes first in the `__init__` of an `nn.Module`: here it is missing, or comes too late.",
    ),
    r"Tensors of floating point (and complex )?dtype can require gradients": Cause(
        "raised-integers",
        "Whole numbers cannot have gradients: write `1.0` for `1`, or give a floating-point dtype.",
    ),
    r"mean\(\): could not infer output dtype|Input dtype must be either a floating point or complex": Cause(
        "raised-mean",
        "The mean of whole numbers or of True and False is not defined: `.float()` comes before `.mean()`.",
    ),
    r"elements? cannot be converted to Scalar|only one element tensors can be converted|"
    r"only (0-dimensional|length-1) arrays can be converted": Cause(
        "raised-one-number",
        "What stands there takes one number, as `math.exp(…)`, `float(…)`, `.item()` and `torch.manual_seed(…)` do, "
        "and was given several: `torch.exp(…)` takes a whole tensor.",
    ),
    r"grad can be implicitly created only for scalar outputs": Cause(
        "raised-scalar",
        "`backward()` begins at a single number: take a sum or a mean before, or hand in `gradient=`.",
    ),
    r"appears to not have been used in the graph": Cause(
        "raised-not-used",
        "The result was not made of the tensor that the gradient is asked for: use the same one in both places.",
    ),
    r"Can't call numpy\(\) on Tensor that requires grad": Cause(
        "raised-numpy",
        "NumPy knows no gradients: stay with torch, or `.detach()` before `.numpy()`.",
    ),
    r"cannot access local variable|local variable .* referenced before assignment": Cause(
        "raised-local",
        "A name that a function assigns to is that function's own, and this one has no value there.",
    ),
    r"bitwise_xor": Cause("raised-power", "`^` is no power in Python: that is `**`, as in `x**2`."),
    r"tensors used as indices must be": Cause(
        "raised-indices", "Labels that pick elements are whole numbers: `.long()` makes them so."
    ),
    r"'(builtin_function_or_method|method)'": Cause(
        "raised-not-called",
        "A method stands there without its parentheses: `x.mean()`, not `x.mean`.",
    ),
    r"view size is not compatible": Cause(
        "raised-view",
        "`.view` wants memory that lies in one piece, as `.contiguous()` makes it. `.reshape` takes any tensor, and "
        "gives a copy of one whose memory does not: what is written there does not reach the tensor.",
    ),
    r"does not require grad and does not have a grad_fn|differentiated Tensors does not require grad": Cause(
        "raised-graph-cut",
        "Nothing there requires gradients: look for `.data`, `.detach()`, `.item()`, `torch.no_grad()`, a tensor made "
        "anew from numbers, one made without `requires_grad=True`, or a `requires_grad` that was set to False.",
    ),
    r"leaf Variable that requires grad .*in-place": Cause(
        "raised-in-place",
        "A tensor that requires gradients is changed while autograd records: update parameters "
        "within `with torch.no_grad():`, and work on new tensors elsewhere.",
    ),
    r"refers to a single memory location": IN_PLACE,  # of an expanded input
    r"modified by an inplace operation": Cause(
        "raised-in-place",
        "A tensor that autograd still needs was changed in place: make a new one.",
    ),
    r"backward through the graph a second time": Cause(
        "raised-second-backward",
        "`backward()` runs twice through one piece of graph: run the forward pass anew for each step. What is kept "
        "from step to step must be a leaf: `.to(…)` or `* 1` makes a result of it, which hangs in the graph.",
    ),
    r"could not convert string to float": Cause(
        "raised-float",
        "`float` reads one number and nothing else: a name of the header, an empty cell, and a whole line are none.",
    ),
    r"must match the (size of tensor|existing size)|doesn't match the broadcast shape|Using a target size": Cause(
        "raised-shapes",
        "Element by element, two sizes have to be equal, or one of them 1: print both shapes. A `sum`, `mean` or `max` "
        "over a dimension keeps it with `keepdim=True`; a transpose may be missing or too many; or one of the two was "
        "kept from another tensor.",
    ),
    r"is invalid for input of size": Cause(
        "raised-shapes",
        "`reshape` and `view` keep the number of elements: print the shape that is there before.",
    ),
    r"shapes cannot be multiplied|size mismatch|Expected size for first two dimensions": Cause(
        "raised-shapes",
        "The shapes do not go together: print them, and look for a transpose or a `reshape` that is "
        "missing or too many.",
    ),
    r"self must be a matrix|mat2 must be a matrix|1D tensors expected|t\(\) expects a tensor with"
    r"|batch\d must be a 3D tensor": Cause(
        "raised-dimensions",
        "`mm` and `.t()` take matrices alone, `dot` vectors and `bmm` three dimensions. `@` takes any number of "
        "dimensions before the last two; where a sum is to go over all of them, make a matrix first: "
        "`x.reshape(-1, x.shape[-1])`.",
    ),
    r"Sizes of tensors must match except": Cause(
        "raised-stack",
        "`torch.cat` joins along one `dim`, 0 if none is given: look at it, for the sizes in all others are equal.",
    ),
    r"stack expects each tensor to be equal size": Cause(
        "raised-stack",
        "Only equal sizes stack: pad the shorter ones, in the dimension that differs (`F.pad` begins with the last).",
    ),
    r"expected Tensor as element \d+ in argument": Cause(
        "raised-stack",
        "`torch.stack` and `torch.cat` take tensors: of plain numbers `torch.tensor(…)` makes one.",
    ),
    r"expected scalar type Long but found|target dtype to be Long|index tensor of type LongTensor"
    r"|Expected dtype int32/int64 for index": Cause(
        "raised-labels",
        "Are the arguments in the right order? Whole numbers (int64) are taken here, and these are floats: `.long()` "
        "makes labels and indices of them.",
    ),
    r"not implemented for '(Long|Int|Short|Byte|Bool)'": Cause(
        "raised-whole-numbers",
        "Floats are taken here, and these are whole numbers: are the arguments in the right order? If they are, "
        "`.float()` makes floats of them.",
    ),
    r"result type \w+ can't be cast to the desired output type": Cause(
        "raised-whole-numbers",
        "A tensor of whole numbers cannot hold the result in place: make a new tensor, or begin with floats.",
    ),
    r"(index -?\d+ is out of bounds for dimension|index out of range|list index out of range"
    r"|Target -?\d+ is out of bounds|Class values must be smaller than num_classes)": Cause(
        "raised-index",
        "An index or a label is past the end: of n entries the first is 0 and the last n − 1. An empty list has none, "
        "such as the row of a blank line, nor has the shape of a tensor without dimensions.",
    ),
    r"`-` operator, (with|on) (a|two) bool": Cause(
        "raised-booleans",
        "True and False cannot be subtracted: `.float()` makes 1 and 0 of them, and `~` turns a mask round.",
    ),
    r"torch\.return_types": Cause(
        "raised-pair",
        "`max`, `min`, `sort` and `topk` over a dimension give a pair, the values and their places: take `.values` or "
        "`.indices`.",
    ),
    r"RNG state must be a torch\.ByteTensor": Cause(
        "raised-generator",
        "The state of a generator is a tensor of bytes on the CPU, and `map_location` moves it as it moves all others: "
        '`map_location="cpu"` does for a whole file, since `load_state_dict` copies to where the model is.',
    ),
    r"Attempting to deserialize object on": Cause(
        "raised-map-location",
        "Without `map_location` each tensor is to come back on the device on which it was saved, and that is not here.",
    ),
    r"Weights only load failed": Cause(
        "raised-weights-only",
        "There is more in the file than tensors and plain data, such as a whole model: save its `state_dict()`, and "
        "leave `weights_only` as it is.",
    ),
    r"all elements of input should be between 0 and 1": Cause(
        "raised-probabilities",
        "Probabilities lie between 0 and 1: these do not, and may be logits, before the `sigmoid`.",
    ),
    r"Dimension out of range|too many indices for tensor": Cause(
        "raised-dimensions",
        "The tensor has fewer dimensions than are asked for: print its shape.",
    ),
    r"len\(\) of a 0-d tensor": Cause(
        "raised-dimensions",
        "`len(x)` is the number of rows, and a tensor of no dimension has none: `x.numel()` counts the numbers.",
    ),
    r"invalid index of a 0-dim tensor|iteration over a 0-d tensor|matmul need to be at least 1D": Cause(
        "raised-dimensions",
        "A tensor of no dimension is one number: no entries, no length; `.item()` gives it, and `*` multiplies by it.",
    ),
    r"only integer tensors of a single element can be converted to an index"
    r"|slice indices must be integers|'float' object cannot be interpreted as an integer": Cause(
        "raised-indices",
        "A whole number is needed here: `//` divides without a rest, and `int(…)` makes one of a float.",
    ),
    r"'(Tensor|int|float|Parameter)' object is not callable": Cause(
        "raised-called",
        "Parentheses after a value call it: `*` multiplies, and `[…]` picks an entry.",
    ),
    r"cannot assign '[\w.]+' as parameter": Cause(
        "raised-parameter",
        "In the place of a registered parameter goes another `nn.Parameter` alone. To change its numbers, write "
        "`p.copy_(…)` or `p -= …` within `torch.no_grad()`.",
    ),
    r"can only change requires_grad flags of leaf variables": Cause(
        "raised-not-leaf",
        "It is the result of an operation, and requires gradients by what it was made of: change the flag of that, or "
        "go on with `.detach()`.",
    ),
    r"can't optimize a non-leaf Tensor": Cause(
        "raised-not-leaf",
        "An optimizer takes leaves, which no operation has made: `nn.Parameter(…)` makes one.",
    ),
    r"optimizer got an empty parameter list": Cause(
        "raised-no-parameters",
        "`parameters()` finds none: it sees what is an `nn.Parameter` or an `nn.Module` and an attribute, and does not "
        "look into lists.",
    ),
    r"support the deepcopy protocol": Cause(
        "raised-deepcopy",
        "`copy.deepcopy` takes leaves alone: `.detach().clone()` copies any tensor.",
    ),
    r"save_for_backward can only save variables": Cause(
        "raised-saved", "`save_for_backward` keeps tensors alone: keep a number as `ctx.name = …`."
    ),
    r"returned a gradient different than None": Cause(
        "raised-none-asked",
        "What is no tensor, as a bias of None, has no gradient: give None in its place.",
    ),
    r"must be Tensor, not (float|int|list|tuple|bool)": Cause(
        "raised-tensor-wanted",
        "A function of torch's takes a tensor here: `torch.tensor(…)` makes one of numbers.",
    ),
    r"must be Tensor, not numpy\.ndarray|'numpy\.ndarray' object has no attribute": Cause(
        "raised-tensor-wanted",
        "It is a NumPy array: `torch.from_numpy(…)` makes a tensor of it.",
    ),
    r"'(list|tuple|generator|\w*[Ii]terator)' object has no attribute '(dataset|batch_size|sampler)'": Cause(
        "raised-loader",
        "A loader may be any iterable, a list too, that knows of no dataset: count the samples as you go through it.",
    ),
    r"must have the same dtype|expected scalar type|expected m1 and m2|Found dtype \w+ but expected": Cause(
        "raised-dtype",
        "Two dtypes meet: make a tensor in the dtype of what it meets, an input or a parameter (`dtype=weight.dtype`).",
    ),
    r"device type for generator": Cause(
        "raised-generator-device",
        "A generator draws on its own device alone: draw there (`device=generator.device`), then `.to(x.device)`.",
    ),
    r"to be on the same device|device type": Cause(
        "raised-device", "A tensor is made on a fixed device; make it on that of the inputs."
    ),
    r"Boolean value of Tensor": Cause(
        "raised-truth",
        "A tensor of several elements is neither true nor false: ask `tensor is not None` whether it is there, "
        "`torch.equal(a, b)` whether two are equal, and for one in a list by `is`, as `in`, `.index` and `.remove` "
        "compare by `==`, element by element.",
    ),
    r"has no len\(\)": Cause(
        "raised-length", "An iterable need not have a length: count while you go through it."
    ),
    r"'(float|int)' object has no attribute '(?!split|r?strip|lower|replace|\w+swith|append|items|keys)": Cause(
        "raised-number",
        "A number stands where a tensor is needed: `.item()` and `float()` give numbers, outside of autograd's graph.",
    ),
    r"NoneType": Cause(
        "raised-none",
        "Something is None: a `.grad` that is not there yet, or a function without `return`.",
    ),
}
# What torch warns of rather than raises, known from what was printed.
WARNINGS = {
    "attribute of a Tensor that is not a leaf Tensor": Cause(
        "warned-non-leaf",
        "The `.grad` of a result is asked for, and `backward()` fills that of leaves alone: make a leaf of it "
        "(`.detach().clone().requires_grad_()`), or use `torch.autograd.grad`.",
    ),
    "that is different to the input size": Cause(
        "warned-broadcast",
        "Two tensors of unlike shapes meet in a loss, and each element of one is compared with several of the other: "
        "give both the same shape.",
    ),
}
