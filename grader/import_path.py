"""Where modules are imported from: what is installed, and never the current folder, which may be a student's.

Until the current folder has left `sys.path`, even the standard library could be taken from it. So this file imports
only what a starting Python has imported already.
"""

import os
import sys

_PACKAGES = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def without_current_folder() -> list[str]:
    """`sys.path` without the current folder, however it is written; this package can still be found, last of all."""
    here = _real(os.curdir)
    path = [
        entry
        for entry in sys.path
        if isinstance(entry, str) and entry and (_real(entry) != here or _is_pythons_own(here))
    ]
    packages = _real(_PACKAGES)
    if packages not in map(_real, path):
        path.append(_PACKAGES)  # a checkout that is not installed, and is the current folder
    return path


def leave_current_folder() -> None:
    """For a process that is ours alone: neither it nor a Python that it starts imports from the current folder."""
    sys.path[:] = without_current_folder()
    os.environ["PYTHONSAFEPATH"] = "1"
    named = os.environ.pop("PYTHONPATH", "").split(os.pathsep)
    here = _real(os.curdir)
    if kept := [entry for entry in named if entry and _real(entry) != here]:
        os.environ["PYTHONPATH"] = os.pathsep.join(kept)


class InstalledOnly:
    """A context in which nothing is imported from the current folder, also by a Python that is started meanwhile.

    For a process that is somebody else's, such as a script, a notebook, or a cluster's worker: everything is put back.
    """

    _VARIABLES = ("PYTHONPATH", "PYTHONSAFEPATH")

    def __enter__(self) -> None:
        self._variables = {name: os.environ.get(name) for name in self._VARIABLES}
        path = without_current_folder()
        self._left = [(at, entry) for at, entry in enumerate(sys.path) if entry not in path]
        self._added = [entry for entry in path if entry not in sys.path]
        sys.path[:] = path
        os.environ["PYTHONPATH"] = os.pathsep.join(p for p in path if os.pathsep not in p)
        os.environ["PYTHONSAFEPATH"] = "1"

    def __exit__(self, *exception: object) -> None:
        # what was put there meanwhile stays
        sys.path[:] = [entry for entry in sys.path if entry not in self._added]
        for at, entry in self._left:
            sys.path.insert(at, entry)
        for name, value in self._variables.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _real(path: str) -> str:
    """The path without links; as it is written where the current folder is gone."""
    try:
        return os.path.realpath(path)
    except OSError:
        return path


def _is_pythons_own(folder: str) -> bool:
    """Whether it is one of those without which nothing works, and which nobody's work lies in."""
    site = sys.modules.get("site")
    own = [os.path.dirname(os.__file__), *(site.getsitepackages() if site else ())]
    return folder in map(_real, own)
