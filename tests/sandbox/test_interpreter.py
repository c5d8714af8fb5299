"""A fresh Python: it has what it is given, and nothing else of this process."""

from __future__ import annotations

import pytest

from grader.sandbox import Sandbox
from tests.children import told_by

pytestmark = pytest.mark.xdist_group("cuda_child")


def test_the_user_has_a_name(either: Sandbox) -> None:
    source = "import getpass, os\ndef f():\n    return [getpass.getuser(), os.environ['USER']]\n"
    assert told_by(either, source) == ["student", "student"]
    hidden = "def f():\n    open('/etc/passwd')\n"
    assert told_by(either, hidden)["type"] == "PermissionError"
