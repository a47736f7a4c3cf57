"""Formulas as MathML, which browsers draw by themselves.

The renderers that Sphinx brings need a JavaScript library, from a network or packed beside the
pages (mathjax: about 2 MB), or LaTeX on the machine that builds (imgmath). Docutils, which Sphinx
stands on, turns the LaTeX of a formula into MathML in plain Python. A formula that it does not
understand is a warning, and so an error of the build.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

LOG = logging.getLogger(__name__)


def markup(tex: str, node: nodes.Node, *, block: bool) -> str:
    """The MathML of a formula; nothing, and a warning, where it is not understood."""
    try:
        return str(latex2mathml.tex2mathml(tex, as_block=block))
    except MathError as problem:
        LOG.warning("a formula cannot be drawn: %s: %s", problem, tex, location=node)
        return ""


def inline(writer: Any, node: nodes.math) -> None:
    """Write a formula within a line."""
    writer.body.append(markup(node.astext(), node, block=False))
    raise nodes.SkipNode


def block(writer: Any, node: nodes.math_block) -> None:
    """Write a formula on lines of its own."""
    writer.body.append(f'<div class="math">{markup(node.astext(), node, block=True)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
