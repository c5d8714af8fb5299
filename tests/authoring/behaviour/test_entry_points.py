"""What is wrapped: what a student writes of what is graded, with the kinds of its parameters."""

from __future__ import annotations

import pytest

from grader.authoring.behaviour.entry_points import EntryPoint, dimensions_in, entry_points


def written(head: str, body: str = "pass", indent: str = "") -> str:
    lines = (head, "    ### BEGIN SOLUTION", f"    {body}", "    ### END SOLUTION")
    return "".join(f"{indent}{line}\n" for line in lines)


def only(head: str, body: str = "pass") -> EntryPoint:
    [found] = entry_points(written(head, body), {"f"})
    return found


SOURCE = (
    written("def f(x):")
    + "def given(x):\n    return x\n"
    + written("def helper(x):")
    + "class C:\n"
    + "".join(
        written(head, indent="    ")
        for head in (
            "def __init__(self, n: int):",
            "def forward(self, x):",
            "def _own(self):",
            "def __repr__(self):",
            "def __getitem__(self, index: int):",
        )
    )
    + "    def given(self):\n        pass\n"
    + "    @staticmethod\n"
    + written("def backward(ctx, grad: Tensor):", indent="    ")
)


def test_what_a_student_writes_of_what_is_graded() -> None:
    found = entry_points(SOURCE, {"f", "given", "C"})
    assert [entry.shown for entry in found] == [
        *("f", "C.__init__", "C.forward", "C.__getitem__", "C.given", "C.backward"),
    ]
    assert [entry.shown for entry in found if entry.static] == ["C.backward"]
    assert [entry.shown for entry in found if entry.is_constructor] == ["C.__init__"]


def test_an_instance_and_a_context_count_as_places_and_not_as_parameters() -> None:
    by_name = {entry.shown: entry for entry in entry_points(SOURCE, {"f", "C"})}
    assert [(p.name, p.place) for p in by_name["f"].parameters] == [("x", 0)]
    assert [(p.name, p.place) for p in by_name["C.forward"].parameters] == [("x", 1)]
    assert [(p.name, p.place) for p in by_name["C.backward"].parameters] == [("grad", 1)]


@pytest.mark.parametrize(
    ("annotation", "kinds"),
    [
        ("Tensor", {"is_tensor", "holds_tensors"}),
        ("Tensor | None", {"is_tensor", "holds_tensors"}),
        ("Any", {"holds_tensors"}),
        ("int", {"is_whole_number"}),
        ("str", {"is_text"}),
        ("str | PathLike[str]", {"is_path"}),
        ("nn.Module", {"is_model"}),
        ("Callable[[Tensor], Tensor]", {"runs_others_code"}),
        ("Iterable[Tensor]", {"is_iterable", "may_be_a_generator", "runs_others_code"}),
        ("list[float]", {"is_iterable"}),
        ("float", set()),
    ],
)
def test_kinds_of_parameters(annotation: str, kinds: set[str]) -> None:
    [parameter] = only(f"def f(x: {annotation}):").parameters
    names = [name for name in dir(parameter) if name.startswith(("is_", "holds_", "may_", "runs_"))]
    assert {name for name in names if getattr(parameter, name)} == kinds


def test_an_optional_parameter_has_a_default() -> None:
    found = only("def f(x: Tensor, h: float = 1e-3):")
    assert [parameter.optional for parameter in found.parameters] == [False, True]


@pytest.mark.parametrize(
    ("returns", "body", "numbers"),
    [
        ("Tensor", "pass", True),
        ("tuple[Tensor, ...]", "pass", True),
        ("list[float]", "pass", True),
        ("None", "x += 1", True),
        ("None", "x.grad = None", False),  # it clears and works nothing out
        ("bool", "pass", False),
        ("nn.Module", "pass", False),
    ],
)
def test_what_has_an_answer_in_numbers(returns: str, body: str, numbers: bool) -> None:
    assert only(f"def f(x) -> {returns}:", body).has_an_answer is numbers


ANY = {0, 1, 2, 3, 4}


@pytest.mark.parametrize(
    ("text", "dimensions"),
    [
        ("the points, any shape, a floating dtype.", ANY),
        ("any number of dimensions (0 too)", ANY),
        ("any shape of one dimension or more", ANY - {0}),
        ("the samples, shape (dim, m), a sample per column", {2}),
        ("the points, shape (m,).", {1}),
        ("the slope, 0-dim or of shape (1,)", {0, 1}),
        ("shape (n, c), or (n, c, d) for more", {2, 3}),
        ("shape (…, in), any number in front", ANY - {0}),
        ("The truth, of the same shape and dtype", {7}),
        ("the learning rate (a small number)", set()),
    ],
)
def test_numbers_of_dimensions_are_read_from_descriptions(text: str, dimensions: set[int]) -> None:
    assert dimensions_in(text, frozenset({7})) == dimensions


def test_descriptions_are_those_of_the_docstring() -> None:
    docstring = [
        *('"""Something, of shape (a, b).', "", "    Args:", "        x: the points,"),
        *("            of shape (n,).", "        h: the step, 0-dim.", "", "    Returns:"),
        *("        The mean, a scalar.", '    """'),
    ]
    text = "\n".join(
        ("def f(x: Tensor, h: Tensor) -> Tensor:", f"    {docstring[0]}", *docstring[1:])
    )
    [found] = entry_points(f"{text}\n    ### BEGIN SOLUTION\n    pass\n", {"f"})
    assert [set(parameter.dimensions) for parameter in found.parameters] == [{1}, {0}]
    assert found.returns_a_scalar
