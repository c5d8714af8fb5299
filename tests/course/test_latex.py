"""Formulas of statements as LaTeX: what a notebook sets as maths."""

from __future__ import annotations

import re

import pytest

from grader.course.catalog import Course
from grader.course.latex import latex
from grader.course.translation import statement_of
from grader.language import languages, speaking

FORMULA = re.compile(r"`?\$([^$`]+)\$`?")


@pytest.mark.parametrize(
    ("plain", "set_as"),
    [
        ("σ(z) = 1 / (1 + e^(−z))", r"\sigma (z) = 1 / (1 + e^{-z})"),
        ("L = mean((ŷ − y)²)", r"L = \operatorname{mean}((\hat{y} - y)^{2})"),
        ("−ln(exp(z_k) / Σ_j exp(z_j))", r"-\ln(\exp(z_k) / \sum _j \exp(z_j))"),
        ("m̂ = m / (1 − β₁ᵗ)", r"\hat{m} = m / (1 - \beta _{1}^{t})"),
        ("√ŝ + √(a + b)", r"\sqrt{\hat{s}} + \sqrt{a + b}"),
        ("dW₁ = Xᵀ dA", r"dW_{1} = X^{T} dA"),
        ("p ← p − lr·∂L/∂p", r"p \leftarrow p - \operatorname{lr}\cdot \partial L/\partial p"),
        ("dim ≤ 3", r"\operatorname{dim} \le 3"),
        ("x⁻¹⁰", r"x^{-10}"),
    ],
)
def test_what_a_formula_is_set_as(plain: str, set_as: str) -> None:
    assert latex(plain) == set_as


def test_every_formula_of_every_statement_is_known(course: Course) -> None:
    count = 0
    for language in languages():
        with speaking(language):
            formulas = [
                each
                for name in course.names
                for each in FORMULA.findall(statement_of(course[name]))
            ]
        count += len(formulas)
        for formula in formulas:
            made = latex(formula)
            assert made.isascii(), formula
            assert made.count("{") == made.count("}")
            assert made.count("(") + made.count("{") >= formula.count("(")
    assert count > 100
