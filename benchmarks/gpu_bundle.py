"""`make gpu-bundle`: a folder that runs `make test-cuda` where there are Python, torch and a GPU, and no network."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 50 * 2**20  # bytes, of the whole folder
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
# torch is there already; the others are large, or for work that is not done there, and no test of a GPU imports them
_LEFT_OUT = re.compile(
    r"torch|actionlint|axe-playwright|babel|hatch|mypy|playwright|psycopg|pyarrow|ruff|types-"
)
_OF_NO_USE = (
    "debugpy-*.whl"  # ipykernel asks for it, imports it only for a debugger, and it is large
)
_RUN = """\
#!/bin/sh
# Runs what `make test-cuda` runs, with the torch of $PYTHON (python3, if it is not set) and nothing from a network.
# With arguments, it runs these instead: ./run.sh python -m grader doctor --devices
here=$(cd "$(dirname "$0")" && pwd) || exit
set -e
"${{PYTHON:-python3}}" -m venv --clear --without-pip --system-site-packages "$here/environment"
# where torch lies, also if that is another environment or a folder of PYTHONPATH
torch=$("${{PYTHON:-python3}}" -c 'import os, torch; print(os.path.dirname(os.path.dirname(torch.__file__)))')
PATH="$here/environment/bin:$PATH"
packages=$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "$torch" > "$packages/torch.pth"
pip=$(echo "$here"/wheels/pip-*.whl)
python "$pip/pip" install --quiet --no-index --no-deps --ignore-installed "$here"/wheels/*.whl
rm -rf "$here/project"
mkdir "$here/project"
python -m tarfile -e "$here/project.tar.gz" "$here/project"
cd "$here/project"
if [ $# -gt 0 ]; then exec "$@"; fi
set +e
status=0
{commands}
exit $status
"""


def requirements(project: Mapping[str, Any], extras: Iterable[str]) -> Iterator[str]:
    """What a project and its extras ask for, each package as in `pyproject.toml`, without those that are left out.

    Args:
        project: the table `project` of `pyproject.toml`.
        extras: names of extras; those that they name in turn are followed.
    """
    asked = list(project["dependencies"])
    for extra in extras:
        asked += project["optional-dependencies"][extra]
    for text in asked:
        requirement = Requirement(text)
        if requirement.name == project["name"]:
            yield from requirements({**project, "dependencies": []}, sorted(requirement.extras))
        elif not _LEFT_OUT.match(requirement.name):
            yield text


def run_script(commands: Iterable[str]) -> str:
    """A shell script that installs the folder's wheels beside the torch that is there, and runs each of the commands.

    All of them run, whatever those before came to; the script's status is not 0 if one failed.
    """
    return _RUN.format(commands="\n".join(f"{command} || status=1" for command in commands))


def download(wanted: Sequence[str], python: str, folder: Path) -> None:
    """Downloads the wheels of packages, and of all that these need, for Linux on x86-64.

    Raises:
        subprocess.CalledProcessError: if pip found no wheel for one of them; pip has said which.
    """
    options = [part for platform in PLATFORMS for part in ("--platform", platform)]
    options += ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *options, "--dest", folder, *wanted], check=True)
    for wheel in folder.glob(_OF_NO_USE):
        wheel.unlink()


def pack(root: Path, archive: Path) -> None:
    """Writes the files of a checkout that git knows, or would not ignore, as they are now, into an archive."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=root, check=True, capture_output=True, text=True).stdout
    with tarfile.open(archive, "w:gz") as opened:
        for name in sorted(set(names.split("\0")) - {""}):
            if (root / name).is_file():
                opened.add(root / name, name)


@click.command()
@click.option("--python", required=True, help="The version of Python there, such as 3.12.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def main(python: str, folder: Path) -> None:
    """Writes FOLDER anew; standard input has the commands that are to run there, one a line."""
    shutil.rmtree(folder, ignore_errors=True)
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    script = folder / "run.sh"
    script.write_text(run_script(sys.stdin.read().splitlines()))
    script.chmod(0o755)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    download(["pip", *requirements(project, ["dev"])], python, wheels)
    pack(ROOT, folder / "project.tar.gz")
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    if size > LARGEST:
        raise click.ClickException(f"{folder} has {size:,} bytes, more than {LARGEST:,}.")
    print(f"{folder}: {size / 2**20:.0f} MiB. On the machine with a GPU: {script}")


if __name__ == "__main__":
    main()
