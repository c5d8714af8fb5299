"""Formulas as LaTeX, for notebooks. Statements have them in plain Unicode, as they read well in a `.py` file.

σ(z) = 1 / (1 + e^(−z))    →    \\sigma(z) = 1 / (1 + e^{-z})
"""

from __future__ import annotations

import re
import unicodedata
from functools import partial

_FUNCTIONS = (
    "exp",
    "ln",
    "log",
    "max",
    "min",
)  # that LaTeX has; other words of several letters are set upright
_SIGNS = {
    "−": "-", "·": r"\cdot ", "×": r"\times ", "←": r"\leftarrow ", "→": r"\to ", "≈": r"\approx ",
    "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "±": r"\pm ", "∈": r"\in ", "∂": r"\partial ",
    "∞": r"\infty ", "…": r"\dots ", "′": "'", "Σ": r"\sum ", "∇": r"\nabla ",
    "⌊": r"\lfloor ", "⌋": r"\rfloor ",
    "α": r"\alpha ", "β": r"\beta ", "γ": r"\gamma ", "δ": r"\delta ", "ε": r"\epsilon ", "θ": r"\theta ",
    "λ": r"\lambda ", "μ": r"\mu ", "ρ": r"\rho ", "σ": r"\sigma ",
}  # fmt: skip
_HATS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar"}
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀᵗⁿᵏ", "0123456789-Ttnk")
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉₋ₕᵢⱼₖₙₜᵥ", "0123456789-hijkntv")
_SMALL = {"^": _RAISED, "_": _LOWERED}
# two letters that begin with d are a differential, such as dW
_WORD = re.compile(r"(?<![A-Za-z\\])(?!d[A-Za-z](?![A-Za-z]))[A-Za-z]{2,}")
_ONE = r"(\\\w+\{\w\}|\w)"  # a letter, perhaps with a hat


def latex(formula: str) -> str:
    """A formula of plain Unicode as LaTeX, in ASCII where it holds nothing that is not known here."""
    text = unicodedata.normalize("NFD", formula)
    text = _WORD.sub(_word, text)
    text = re.sub("|".join(rf"\w{mark}" for mark in _HATS), _hat, text)
    for sign, small in _SMALL.items():
        raised = partial(_small, sign, small)
        text = re.sub(f"[{''.join(map(chr, small))}]+", raised, text)
    text = re.sub(r"\^\(([^()]*)\)", r"^{\1}", text)
    text = re.sub(f"√{_ONE}", r"\\sqrt{\1}", text)
    text = re.sub(r"√\(([^()]*)\)", r"\\sqrt{\1}", text)
    for sign, command in _SIGNS.items():
        text = text.replace(sign, command)
    return re.sub(r" {2,}", " ", unicodedata.normalize("NFC", text)).strip()


def _word(found: re.Match[str]) -> str:
    word = found[0]
    return rf"\{word}" if word in _FUNCTIONS else rf"\operatorname{{{word}}}"


def _small(sign: str, plain: dict[int, int], found: re.Match[str]) -> str:
    return f"{sign}{{{found[0].translate(plain)}}}"


def _hat(found: re.Match[str]) -> str:
    letter, mark = found[0][0], found[0][1]
    return rf"\{_HATS[mark]}{{{letter}}}"
