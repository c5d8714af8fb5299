"""Draws `docs/check.svg`, the picture in the README: `grader check --from examples/partly`, as it looks."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console

from grader import grade
from grader.outputs import terminal

ROOT = Path(__file__).resolve().parent.parent
# Rich's own template, without the web fonts: the picture loads nothing
TEMPLATE = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: {char_height}px;
  line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> None:
    console = Console(record=True, width=96, file=StringIO(), force_terminal=True, highlight=False)
    terminal.render(grade(ROOT / "examples" / "partly", ["logistic_regression"]), console)
    svg = console.export_svg(
        title="grader check logistic_regression", code_format=TEMPLATE, unique_id="check"
    )
    (ROOT / "docs" / "check.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
