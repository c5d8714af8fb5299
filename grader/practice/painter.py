"""Puts screens onto the terminal without flicker; where there is no terminal, prints what is new."""

from __future__ import annotations

import math
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from ..outputs.terminal import render_exercise
from ..outputs.watch_screen import Screen, painted, render


class Painter:
    """The terminal, and what it shows."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._fresh = True
        self._shown: Screen | None = None

    def forget(self) -> None:
        """Something else may be on the terminal now."""
        self._fresh = True

    def show(self, screen: Screen, final: bool = True) -> None:
        """Shows a screen; one that is not `final` is replaced in a moment."""
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            if screen != self._shown or self._fresh:
                self._paint(screen)
            self._shown = screen
        elif final:
            self._print(screen)
            self._shown = screen

    def _paint(self, screen: Screen) -> None:
        console = self._console
        lines, fits = self._rendered(screen)
        if not fits:
            lines, fits = self._rendered(replace(screen, brief=True))
        console.file.write(painted(lines, fits, self._fresh))
        console.file.flush()
        self._fresh = False

    def _rendered(self, screen: Screen) -> tuple[list[str], bool]:
        """The lines of a screen, and whether the terminal has room for them."""
        console = self._console
        with console.capture() as capture:
            render(screen, console)
        lines = capture.get().rstrip("\n").split("\n")
        width, height = console.size
        rows = sum(max(1, math.ceil(Text.from_ansi(line).cell_len / width)) for line in lines)
        return lines, rows < height

    def _print(self, screen: Screen) -> None:
        """What was not printed yet, one below the other."""
        before = self._shown
        for notice, style in screen.notices:
            if before is None or (notice, style) not in before.notices:
                self._console.print(Text(notice, style=style))
        if screen.result and (before is None or screen.result is not before.result):
            render_exercise(screen.result, self._console)
        if screen.advice and (before is None or screen.advice != before.advice):
            self._console.print(Text(screen.advice))
