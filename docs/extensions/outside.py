"""Links of pages to Markdown files beside ``docs/``, such as CONTRIBUTING.md.

On a code host they lead there. MyST takes each for a page of these documents, which it is not, so
the built pages get a copy of it, as they do of any other file that a page links.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform


class Outside(SphinxTransform):
    """Turns a link to a Markdown file outside of the documents into one to a copy of the file."""

    default_priority = 300

    def apply(self, **_: Any) -> None:
        """Look at every link to a page."""
        pages = Path(self.env.srcdir)
        here = pages / self.env.docname
        for link in list(self.document.findall(addnodes.pending_xref)):
            if link.get("refdomain") != "doc":
                continue
            file = (here.parent / f"{link['reftarget']}.md").resolve()
            if file.is_relative_to(pages) or not file.is_file():
                continue  # a page, or a link that leads nowhere, of which Sphinx warns
            path = Path(os.path.relpath(file, pages)).as_posix()
            copy = addnodes.download_reference("", "", reftarget=f"/{path}")
            copy += [nodes.inline("", link.astext())]
            link.replace_self(copy)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_transform(Outside)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
