"""How Sphinx builds these pages: ``python -m sphinx -W -b html docs build/docs``.

Nothing here asks a network for anything, neither at build time nor in a browser: the theme brings
its own files, there are no links into other projects' documentation, and formulas become MathML
(``extensions/mathml.py``).
"""

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS.parent), str(DOCS / "extensions")]

from neurorebit import __version__  # noqa: E402  # of this checkout

project = "NeuroReBIT"
release = version = __version__
author = "the authors of NeuroReBIT"
copyright = ""
language = "en"

extensions = ["myst_parser", "mathml", "outside"]
exclude_patterns = ["README.md"]
source_suffix = {".md": "markdown"}
nitpicky = True

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4  # as a code host makes them
myst_dmath_double_inline = False

html_math_renderer = "mathml"
html_theme = "furo"
html_title = f"NeuroReBIT {release}"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_static_path = ["static"]
html_css_files = ["pages.css"]
html_theme_options = {"top_of_page_buttons": []}
pygments_style = "default"
