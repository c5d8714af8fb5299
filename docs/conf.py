"""How `make docs` builds the site: Sphinx, MyST for Markdown, and the theme Furo. Nothing is loaded from elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for `made`

project = "torch-grader"
project_copyright = "the contributors of torch-grader"
html_title = "torch-grader"
language = "en"

extensions = ["myst_parser", "made.pages"]

# The source is the whole repository, so that a link such as `../CONTRIBUTING.md` means here what it means on GitHub.
include_patterns = [
    "docs/*.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "CODE_OF_CONDUCT.md",
]
# what is not even looked through: environments, and what is built
exclude_patterns = [".*", "site", "dist", "build", "tests", "grader", "node_modules"]
if "links" in tags:  # type: ignore[name-defined]  # noqa: F821  # Sphinx gives it; `make docs-links`
    include_patterns.append("README.md")
    suppress_warnings = ["toc.not_included"]
root_doc = "docs/index"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
highlight_language = "none"
smartquotes = False  # what is copied is what was written
python_maximum_signature_line_length = 88

nitpicky = True
# Only signatures name types, and mypy knows those; one that no page tells of (torch's, Python's) is text and no link.
nitpick_ignore_regex = [("py:class", r".+")]

html_theme = "furo"
templates_path = ["templates"]
html_copy_source = False  # the Markdown lies beside each page instead: `made/pages.py`
html_domain_indices = False

linkcheck_timeout = 20
linkcheck_workers = 4
