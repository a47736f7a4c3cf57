"""Run the code cells of a notebook, one after the other, as a script would.

python docs/notebook.py FILE.ipynb

The notebook stays as it is; an error names the cell.
"""

import json
import sys
from pathlib import Path


def cells(notebook: Path) -> list[str]:
    """The sources of its code cells."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code"]


def run(notebook: Path) -> None:
    """Run all cells in one namespace."""
    names = {"__name__": "__main__"}
    for number, source in enumerate(cells(notebook), 1):
        exec(compile(source, f"{notebook.name}, code cell {number}", "exec"), names)


if __name__ == "__main__":
    run(Path(sys.argv[1]))
