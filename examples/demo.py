"""Grades a sample class of a dozen, as an instructor would: `grader grade`, and where to look afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat

EXAMPLES = Path(__file__).resolve().parent
ROOT = EXAMPLES.parent
OUTPUT = ROOT / "build" / "demo"
DEADLINE = "2026-11-20T23:59:59+00:00"


def main() -> None:
    """Makes the class anew, and grades it. An argument names another folder to write to."""
    output = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else OUTPUT
    shutil.rmtree(output, ignore_errors=True)
    submissions = output / "submissions"
    submissions.mkdir(parents=True)
    hand_in(submissions)
    gradebook = output / "grades.db"
    run(
        "grade", submissions, "--gradebook", gradebook, "--roster", EXAMPLES / "class" / "roster.csv",
        "--deadline", DEADLINE, "--title", "Layers and training",
    )  # fmt: skip
    run("adjust", gradebook, "gus", "1", "--who", "demo", "--why", "told us of a slip in the text")
    run("history", gradebook, "gus")
    run("report", gradebook, "--output", output / "report")
    print(f"\nThe submissions: {submissions}\nThe gradebook:   {gradebook}")


def hand_in(folder: Path) -> None:
    """A dozen submissions, in the shapes in which they come; Léa's is missing, and Mika is on no roster."""
    right = {path.stem: path.read_text(encoding="utf-8") for path in files("right")}
    partly = {path.stem: path.read_text(encoding="utf-8") for path in files("partly")}
    stubs = {
        name: (ROOT / "exercises" / f"{name}.py").read_text(encoding="utf-8") for name in right
    }
    layer = {path.stem: path.read_text(encoding="utf-8") for path in files("class")}

    repository(folder / "lab-ada-l", right)
    with zipfile.ZipFile(folder / "lab-benoit.zip", "w") as archive:
        for name, text in right.items():
            archive.writestr(f"lab/exercises/{name}.py", text)
    python(folder / "lab-chen-wei", partly)
    python(folder / "lab-dora" / "exercises", right | {"my_linear": partly["my_linear"]})
    notebooks(folder / "lab-emil", right)
    notebooks(folder / "lab-fay-w", partly)
    python(folder / "lab-gus", {"my_linear": layer["loop"]})
    broken = (EXAMPLES / "broken" / "my_linear.py").read_text(encoding="utf-8")
    python(folder / "lab-hana", right | {"my_linear": broken})
    python(folder / "lab-ivo", {"my_linear": layer["attack"]})
    python(folder / "lab-jun", stubs)
    (folder / "lab-kim-l_logistic_regression.py").write_text(
        right["logistic_regression"], encoding="utf-8"
    )
    python(folder / "lab-mika", partly)


def files(name: str) -> list[Path]:
    return sorted((EXAMPLES / name).glob("*.py"))


def python(folder: Path, texts: dict[str, str]) -> None:
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")


def notebooks(folder: Path, texts: dict[str, str]) -> None:
    folder.mkdir()
    for name, text in texts.items():
        cells = [
            nbformat.v4.new_markdown_cell(f"# {name}"),
            nbformat.v4.new_code_cell("%matplotlib inline"),
            nbformat.v4.new_code_cell(text),
        ]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")


def repository(folder: Path, texts: dict[str, str]) -> None:
    """The answers in time, and a commit after the deadline that spoils them and does not count."""
    python(folder, texts)
    if not shutil.which("git"):  # then it is a folder, with the answers in time
        return
    git = ["git", "-C", str(folder), "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    for when, text in (("2026-11-20T12:00:00Z", None), ("2026-11-21T03:00:00Z", "x = 1\n")):
        if text:
            (folder / "my_linear.py").write_text(text, encoding="utf-8")
        stamps = {"GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when}
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run(
            [*git, "commit", "--quiet", "--message=work"], check=True, env=os.environ | stamps
        )


def run(*arguments: str | Path) -> None:
    given = [str(argument) for argument in arguments]
    print(f"\n$ grader {' '.join(given)}\n", flush=True)
    status = subprocess.run([sys.executable, "-P", "-m", "grader", *given], cwd=ROOT).returncode
    if status != 0:
        sys.exit(f"grader ended with status {status}")


if __name__ == "__main__":
    main()
