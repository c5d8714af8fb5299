"""Click's own words in the language in use.

Click asks `gettext` for them, in the domain `messages` of whatever folder is bound to it: here the grader's own
catalogues, which hold them because they stand here.
"""

from __future__ import annotations

import gettext
import os
from pathlib import Path

from ..language import N_


def plural(one: str, several: str) -> tuple[str, str]:
    """Marks what `ngettext` is asked for; a catalogue has as many forms as its language."""
    return one, several


LOCALE = Path(__file__).parents[1] / "locale"
WORDS = (
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("Aborted!"),
    N_("Missing command."),
    N_("Show this message and exit."),
    N_("default: {default}"),
    N_("Error: {message}"),
    N_("Try '{command} {option}' for help."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing parameter: {param_name}"),
    N_("Missing parameter"),
    N_("No such option {name!r}."),
    N_("No such option: {name}"),
    N_("No such command {name!r}."),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("Option {name!r} does not take a value."),
    N_("Choose from:\n\t{choices}"),
    N_("{value} is not in the range {range}."),
    N_("{value!r} is not a valid {number_type}."),
    N_("Argument {name!r} takes {nargs} values."),
    N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is not readable."),
    N_("{name} {filename!r} is not writable."),
    N_("Could not open file {filename!r}: {message}"),
    N_("{name} {filename!r} does not exist."),
    N_("file"),
    N_("directory"),
    N_("path"),
)
# looked up by the first form
PLURALS = (
    plural("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    plural("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    plural("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    plural("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    plural("Takes {nargs} values but 1 was given.", "Takes {nargs} values but {len} were given."),
)


def speak(code: str) -> None:
    """Has click say its words in the language of this code, such as ko; what it has no word for stays English."""
    gettext.bindtextdomain("messages", str(LOCALE))
    os.environ["LANGUAGE"] = code  # `gettext` looks here first
