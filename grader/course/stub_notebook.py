"""Makes an exercise's notebook from the text of its stub: statement, cells to fill in, and a cell that checks them."""

from __future__ import annotations

import ast
import itertools
import re

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ..language import ENGLISH, _, current
from .latex import latex
from .online import Online


def notebook_of(name: str, text: str, online: Online | None = None) -> str:
    """The notebook as JSON, the same to the byte for the same text.

    Args:
        name: the exercise's.
        text: its stub's (or, filled in, its solution's): a docstring, imports, functions and classes;
            in the language in use, in which the rest is written too.
        online: what a first cell does where nothing is installed; without it, there is no such cell.
    """
    tree = ast.parse(text)
    statement = ast.get_docstring(tree) or name
    title, _break, rest = statement.partition("\n")
    badges = online.badges(f"{name}.ipynb") if online else ""
    cells = [new_markdown_cell("\n\n".join(filter(None, [badges, f"# {title}\n{_maths(rest)}"])))]
    if online:
        why = _("Installs the grader where it is missing. At Kaggle, switch the Internet on first.")
        cells.append(new_code_cell(f"# {why}\n{online.cell()}"))
    head, *parts = _parts(tree, text)
    cells.append(new_code_cell(f"%load_ext grader\n\n{head}"))
    cells += [new_code_cell(part) for part in parts]
    about = _("Run the cells above first: this checks what you have run in this notebook.")
    speak = "" if current() == ENGLISH else f" --lang {current()}"
    cells.append(new_code_cell(f"%%check {name}{speak}\n# {about}"))
    for number, cell in enumerate(cells):
        cell["id"] = f"{name.replace('_', '-')}-{number}"  # random by default
    notebook = new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
    )
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook)) + "\n"


def _parts(tree: ast.Module, text: str) -> list[str]:
    """The text in pieces: what comes before the first definition, then each definition with what follows it."""
    lines = text.splitlines()
    body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    starts = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            starts.append(min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1)
    first = body[0].lineno - 1 if body else len(lines)
    edges = [first, *starts, len(lines)]
    pieces = ["\n".join(lines[a:b]).strip() for a, b in itertools.pairwise(edges)]
    return [pieces[0], *filter(None, pieces[1:])]


def _maths(markdown: str) -> str:
    """Formulas stand in code quotes for readers of the .py file; a notebook sets them as maths."""
    return re.sub(r"`?\$([^$`]+)\$`?", lambda found: f"${latex(found[1])}$", markdown)
