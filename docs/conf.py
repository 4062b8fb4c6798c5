"""How Sphinx builds these pages: ``sphinx-build -W --keep-going -b html docs build/docs``."""

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # the directives of these pages: extension.py

project = "rmtjac"
author = "The rmtjac developers"
copyright = author
version = release = metadata.version("rmtjac")

extensions = [
    "extension",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
suppress_warnings = ["config.cache"]

# Markdown: $...$, $$...$$ (label), amsmath environments, ::: fences, definition lists.
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_dmath_double_inline = True
myst_heading_anchors = 3
math_eqref_format = "({number})"

# Docstrings are in the style of numpydoc. A class lists its members once, by autodoc.
autosummary_generate = False  # numpydoc loads autosummary, which has nothing to do here
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"members": True, "undoc-members": False, "show-inheritance": True}

html_theme = "furo"
html_title = f"rmtjac {release}"
html_copy_source = False
viewcode_line_numbers = True
