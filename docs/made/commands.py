"""The commands, from what `--help` knows of them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click
from sphinx.errors import ExtensionError

from grader import cli, language

OWN = "docs/commands.md"


def written(block: str) -> str:
    """What is told of the commands that a block names, a line each, such as `grader check`.

    Raises:
        ExtensionError: if one of them is no command.
    """
    language.use(language.ENGLISH)
    root = click.Context(cli.main, info_name="grader", **cli.main.context_settings)
    parts: list[str] = []
    for line in block.split("\n"):
        if name := line.removeprefix("grader").strip():
            command = cli.main.commands.get(name)
            if command is None:
                raise ExtensionError(f"{OWN} names `{line}`, which is no command.")
            parts += _told(command, name, root)
        elif line:
            parts.append(_options(cli.main, root))
    return "\n".join(parts)


def _told(
    command: click.Command, name: str, parent: click.Context, level: int = 3
) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"{'#' * level} `{context.command_path}`\n\n```sh\n{usage}\n```\n"
    yield inspect.cleandoc(command.help or "") + "\n"
    yield _options(command, context)
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            yield from _told(command.commands[inner], inner, context, level + 1)


def _options(command: click.Command, context: click.Context) -> str:
    """A table; `--help` and `--lang`, which all have, are told once."""
    rows = []
    for each in command.get_params(context):
        told = each.get_help_record(context)
        everywhere = each.name == "lang" or "--help" in each.opts
        if told and told[1] and not (everywhere and context.parent):
            option, text = map(_cell, told)
            rows.append(f"| `{option}` | {text} |\n")
    return "| option | |\n|---|---|\n" + "".join(rows) if rows else ""


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
