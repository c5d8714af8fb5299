"""What the site adds to the Markdown in the repository.

A fenced block `{api}`, `{commands}` or `{schema}` is replaced by what is told of the names in it; on GitHub it shows
those names. A link to a folder, which only GitHub can show, becomes text. The lists in `docs/index.md`, each under its
heading, are the menu. Every page lies beside its HTML as Markdown, and `llms.txt` lists them.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from sphinx.application import Sphinx

from . import api, commands, schema

INDEX = "docs/index"
_BLOCK = re.compile(r"^```\{(api|commands|schema)\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^## (.+)\n", re.MULTILINE)
_PAGE = re.compile(r"^- \[.+?\]\(([\w./-]+)\.md(?:#[\w-]+)?\)", re.MULTILINE)
_TO_FOLDER = re.compile(r"\[([^\[\]]+)\]\(([\w./-]+)\)")
_LINK = re.compile(r"(\]\()(?!https?:)")
START = '<!doctype html><meta charset="utf-8"><title>torch-grader</title>\n' + (
    '<meta http-equiv="refresh" content="0; url=docs/index.html"><a href="docs/index.html">torch-grader</a>\n'
)


def filled(text: str, folder: Path, *, plain: bool) -> str:
    """A page of this folder with its blocks replaced, as MyST or as plain Markdown."""
    written: dict[str, Callable[[str], str]] = {
        "api": lambda block: api.written(block, plain=plain),
        "commands": commands.written,
        "schema": schema.written,
    }
    text = _TO_FOLDER.sub(lambda link: link[1] if (folder / link[2]).is_dir() else link[0], text)
    return _BLOCK.sub(lambda block: written[block[1]](block[2]), text)


def menu(index: str) -> str:
    """The tables of contents that the lists in the index stand for."""
    _, *parts = _SECTION.split(index)
    tables = []
    for caption, text in zip(parts[::2], parts[1::2], strict=True):
        pages = "\n".join(dict.fromkeys(_PAGE.findall(text)))
        tables.append(f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{pages}\n```\n")
    return "\n".join(tables)


def _on_read(app: Sphinx, docname: str, source: list[str]) -> None:
    source[0] = filled(source[0], Path(app.env.doc2path(docname)).parent, plain=False)
    if docname == INDEX:
        source[0] += "\n" + menu(source[0])


def _on_finish(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    for docname in sorted(app.env.found_docs):
        page = Path(app.env.doc2path(docname))
        text = filled(page.read_text(encoding="utf-8"), page.parent, plain=True)
        (out / f"{docname}.md").write_text(text, encoding="utf-8")
    for name in [*app.env.images, *app.env.dlfiles]:  # what the Markdown shows and links
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(app.srcdir) / name, out / name)
    index = (out / f"{INDEX}.md").read_text(encoding="utf-8")
    (out / "llms.txt").write_text(_LINK.sub(r"\1docs/", index), encoding="utf-8")
    (out / "index.html").write_text(START, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", _on_read)
    app.connect("build-finished", _on_finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
