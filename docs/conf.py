"""Configuration of the documentation site: ``make docs`` writes it to build/docs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

from segue import __version__

project = "segue"
author = "the segue authors"
copyright = "the segue authors"  # noqa: A001  # Sphinx calls it so
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "reference_pages",
]
exclude_patterns = ["_extensions"]
html_theme = "furo"
html_title = f"segue {release}"
html_show_copyright = False
html_copy_source = False
myst_heading_anchors = 4
myst_enable_extensions = ["fieldlist"]
autodoc_typehints = "description"
autodoc_member_order = "bysource"
suppress_warnings = ["misc.highlighting_failure"]
nitpicky = False
