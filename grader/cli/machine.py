"""`grader doctor`: what this machine offers."""

from __future__ import annotations

import click

from .common import console_for, started_sandbox


@click.command()
def doctor() -> None:
    """Shows what this machine offers: versions, and each layer of isolation, on or off, and why."""
    from rich.table import Table

    from ..grading import environment

    with started_sandbox() as sandbox:
        here, layers = environment(sandbox), sandbox.layers()
    console = console_for()
    console.print(f"Python {here.python}, torch {here.torch}, devices: {', '.join(here.devices)}")
    table = Table("layer", "", "why not")
    for layer in layers:
        table.add_row(layer.name, "[green]on[/green]" if layer.on else "[red]off[/red]", layer.why)
    console.print(table)
