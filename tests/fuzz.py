"""Random and mutated submissions through the grader: `python -m tests.fuzz --count 10000`.

Whatever is handed in, grading ends in time with a whole report, never in an exception of ours, and never pays for
more than the same text earns in a fresh sandbox. In between, an honest and a wrong submission still get what they
deserve.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import jsonschema
import nbformat

import grader
from grader.course.catalog import Course, load_course
from grader.grading import grade
from grader.machines import Machines
from grader.report import ExerciseResult
from grader.sandbox import Limits
from grader.submission import Source, Submission
from grader.submission.decode import notebook_of_bytes, source_of_bytes

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = json.loads(Path(grader.__file__).with_name("report.schema.json").read_text("utf-8"))
LIMITS = Limits(import_seconds=2, call_seconds=1, exercise_seconds=2, memory_bytes=1 << 30)
# far beyond the limits, on a machine that is busy with other things
MOST_SECONDS = 120
SNIPPETS = (
    "\0", "\ufeff", "\u202e", "\x1b[2J", "::error::x", "\r", "\t", "\f", "é", "ŷ", "'''", '"""', "(", ")", "[", "{",
    "lambda: ", "*", "**", "@", ":=", "yield ", "await ", "global x\n", "del ", "return ", "raise ", "assert 0\n",
    "1" * 5000, "-" * 3000 + "1", "1+" * 3000 + "1", "[" * 150 + "]" * 150, "x." * 2000 + "x", "not " * 2000 + "1",
    "while True: pass\n", "import os; os._exit(0)\n", "raise SystemExit\n", "exit()\n", "float('nan')", "None", "...",
    "# -*- coding: utf-7 -*-\n", "torch.empty(0)", "torch.set_default_dtype(torch.float64)\n", "%matplotlib inline\n",
    "!ls\n", "print('x' * 10**7)\n", "__import__('sys').setrecursionlimit(10**9)\n", "class object: pass\n",
    "import torch; torch.Tensor.__eq__ = lambda *a: True\n", "input()\n", "10**10**8",
)  # fmt: skip


def corpus(name: str) -> list[str]:
    """Known submissions of an exercise, its solution and its stub."""
    folder = ROOT / "tests" / "submissions" / name
    files = [*sorted(folder.glob("*/*.py")), ROOT / "solutions" / f"{name}.py"]
    return [path.read_text(encoding="utf-8") for path in [*files, ROOT / f"exercises/{name}.py"]]


def mutate(text: str, other: str, rng: random.Random) -> str:
    """A text near `text`; pieces of `other` and hostile snippets may be in it."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        lines = text.splitlines(keepends=True) or [""]
        at, to = sorted(rng.randrange(len(lines) + 1) for _ in range(2))
        spot = rng.randrange(len(text) + 1)
        way = rng.randrange(9)
        if way == 0:
            text = "".join(lines[:at] + lines[at + 1 :])
        elif way == 1:
            text = "".join(lines[:at] + lines[to:])
        elif way == 2:
            text = "".join(lines[:to] + lines[at:])
        elif way == 3:
            rng.shuffle(lines)
            text = "".join(lines)
        elif way == 4:
            text = text[:spot] + rng.choice(SNIPPETS) + text[spot:]
        elif way == 5:
            text = text[:spot] + text[spot + rng.randrange(1, 20) :]
        elif way == 6:
            theirs = other.splitlines(keepends=True)
            text = "".join(lines[:at] + theirs[min(at, len(theirs)) :])
        elif way == 7:
            words = (
                "+",
                "-",
                "*",
                "/",
                "@",
                "0",
                "1",
                "2",
                "sum",
                "mean",
                "x",
                "y",
                "self",
                "T",
                "dim=0",
                "==",
            )
            old, new = rng.sample(words, 2)
            text = text.replace(old, new, rng.randrange(1, 4))
        else:
            text = text[:spot]
    return text


def random_text(rng: random.Random) -> str:
    """Any characters, or pieces of Python one after the other."""
    if rng.random() < 0.5:
        return "".join(
            chr(rng.choice((rng.randrange(128), rng.randrange(0xD7FF)))) for _ in range(200)
        )
    return "".join(rng.choice(SNIPPETS) for _ in range(rng.randrange(1, 30)))


def as_source(name: str, text: str, rng: random.Random) -> Source:
    """The text by way of a reader: as a file's bytes, as damaged bytes, or as a notebook's."""
    way = rng.random()
    data = text.encode("utf-8", "surrogatepass")
    if way < 0.7:
        return source_of_bytes(data, f"{name}.py")
    if way < 0.8:
        spot = rng.randrange(len(data) + 1)
        return source_of_bytes(data[:spot] + rng.randbytes(3) + data[spot:], f"{name}.py")
    cells = [nbformat.v4.new_code_cell(part) for part in text.split("\n\n\n")]
    book = nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode("utf-8", "surrogatepass")
    if way > 0.97:
        spot = rng.randrange(len(book))
        book = book[:spot] + rng.randbytes(2) + book[spot + 2 :]
    return notebook_of_bytes(book, f"{name}.ipynb")


@dataclass
class Fuzzer:
    """Grades one odd submission after the other, and keeps what went wrong."""

    seed: int
    course: Course = field(default_factory=load_course)
    outcomes: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def run(
        self, count: int, names: tuple[str, ...] = (), tell: Callable[[str], None] = print
    ) -> None:
        """Grades `count` submissions of the exercises in turn; each follows from the seed and its number alone."""
        names = names or self.course.names
        texts = {name: corpus(name) for name in names}
        with Machines(limits=LIMITS) as machines:
            for number in range(count):
                rng = random.Random(f"{self.seed}/{number}")
                name = names[number % len(names)]
                text = (
                    mutate(rng.choice(texts[name]), rng.choice(texts[name]), rng)
                    if rng.random() < 0.9
                    else random_text(rng)
                )
                source = as_source(name, text, rng)
                for problem in self._problems(name, source, machines, rng):
                    self.problems.append(f"{self.seed}/{number} ({name}): {problem}")
                    tell(self.problems[-1])
                if number % 100 == 99:
                    self._control(names[number // 100 % len(names)], machines)
                if number % 1000 == 999:
                    tell(f"{number + 1} graded: {dict(self.outcomes)}")

    def _problems(
        self, name: str, source: Source, machines: Machines, rng: random.Random
    ) -> Iterator[str]:
        start = time.monotonic()
        try:
            result = self._grade(name, source, machines, seed=1)
        except Exception:
            yield traceback.format_exc()
            return
        if (seconds := time.monotonic() - start) > MOST_SECONDS:
            yield f"took {seconds:.0f} s"
        self.outcomes[result.status] += 1
        if result.is_fault:
            yield f"a fault of the grader: {result.traceback}"
        if result.score and not _is_python(source):
            yield f"{result.score} points for a text that is no Python"
        if result.score and rng.random() < 0.05:
            with Machines(limits=LIMITS) as fresh:
                again = self._grade(name, source, fresh, seed=1)
            if again.score < result.score:
                yield f"{result.score} points, and {again.score} in a fresh sandbox"

    def _grade(self, name: str, source: Source, machines: Machines, seed: int) -> ExerciseResult:
        submission = Submission("fuzz", {name: source}, (name,))
        report = grade(submission, machines=machines, seed=seed)
        jsonschema.validate(report.to_dict(), SCHEMA)
        return report.exercises[0]

    def _control(self, name: str, machines: Machines) -> None:
        """An honest submission and an empty one, after all that went through the same sandbox."""
        for folder, full in (("solutions", True), ("exercises", False)):
            text = (ROOT / folder / f"{name}.py").read_text(encoding="utf-8")
            result = self._grade(
                name, source_of_bytes(text.encode(), f"{name}.py"), machines, seed=2
            )
            if (result.score == result.max_score) != full or (not full and result.score):
                self.problems.append(f"{folder}/{name}.py gets {result.score} afterwards")


def _is_python(source: Source) -> bool:
    if source.notebook:
        return True  # cells with magics are no Python either, and are met
    try:
        ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    fuzzer = Fuzzer(options.seed)
    start = time.monotonic()
    fuzzer.run(options.count, tell=lambda line: print(line, flush=True))
    minutes = (time.monotonic() - start) / 60
    print(f"{options.count} submissions in {minutes:.1f} min: {dict(fuzzer.outcomes)}")
    print(f"{len(fuzzer.problems)} problems")
    return 1 if fuzzer.problems else 0


if __name__ == "__main__":
    sys.exit(main())
