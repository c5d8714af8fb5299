"""A local page for grading by hand: `grader desk`."""

from __future__ import annotations

import click

from .common import opened
from .gradebook import gradebook_argument, who_option, who_says_so


@click.command()
@gradebook_argument
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="The port. Default: a free one."
)
@click.option("--no-browser", is_flag=True, help="Only print the address; open no browser.")
@who_option
def desk(gradebook: str, port: int, no_browser: bool, who: str) -> None:
    """Opens the desk: a page on this machine to look at code, comment, and give points by hand.

    It shows whom to look at first, works with the keyboard (`?` shows the keys), and answers nobody but this machine.
    `grader grade` may run meanwhile, and several people may have a desk of their own on one gradebook. Ctrl-C stops it.
    """
    with opened(gradebook) as book:
        from ..classroom.desk.serving import Desk

        def ready(address: str) -> None:
            click.echo(f"The desk is at {address}\nCtrl-C stops it.")
            if not no_browser:
                click.launch(address)

        Desk(book, who_says_so(who), port).serve(ready)
    click.echo("\nThe desk is closed; everything is in the gradebook.")
