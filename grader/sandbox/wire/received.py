"""What the trusted side makes of a student's values that are no plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from torch import Tensor

_NO_TENSOR = (
    "What a student's tensor arrives as is a `Received`. Its values are in `.tensor`; "
    "`expect_close(got, expected)` compares it as it is."
)
# what a check may try on it that it would take for a tensor
_OPERATORS = (
    "abs add and bool complex contains float floordiv ge getitem gt index int invert iter le len lt "
    "matmul mod mul neg or pos pow radd rand rfloordiv rmatmul rmod rmul ror round rpow rsub rtruediv "
    "rxor sub truediv xor array"
)


@dataclass(frozen=True, eq=False)
class Received:
    """A tensor of the student's: its values on the CPU, what was told of the original, and where it should be.

    It is no tensor, and says so where it is used as one: what holds of a tensor here need not hold of the student's.
    """

    tensor: Tensor
    device: str
    requires_grad: bool
    parameter: bool
    home: str

    def __getattr__(self, name: str) -> NoReturn:
        """For attributes that it lacks.

        Raises:
            AttributeError: always; where a tensor has such an attribute, it says where that is found.
        """
        is_of_tensor = not name.startswith("__") and hasattr(Tensor, name)
        told = _NO_TENSOR if is_of_tensor else f"'Received' object has no attribute {name!r}"
        raise AttributeError(told, name=name, obj=self)

    def __eq__(self, other: object) -> bool:
        """Whether it is the same one: plain data, such as a word that stands for an answer, never is.

        Raises:
            TypeError: for a tensor, or another of these.
        """
        if isinstance(other, Tensor | Received):
            raise TypeError(_NO_TENSOR)
        return False

    def __hash__(self) -> int:
        return id(self)

    @classmethod
    def __torch_function__(cls, *_arguments: Any, **_named: Any) -> NoReturn:
        """For torch's functions.

        Raises:
            TypeError: always.
        """
        raise TypeError(_NO_TENSOR)


@dataclass(frozen=True)
class Opaque:
    """Something that is neither a tensor nor plain data, known by its type's name alone."""

    type: str


def _no_tensor(_received: Received, *_others: object) -> NoReturn:
    raise TypeError(_NO_TENSOR)


for _operator in _OPERATORS.split():
    setattr(Received, f"__{_operator}__", _no_tensor)
