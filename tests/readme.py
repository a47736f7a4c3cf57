"""Tables of the README that follow from the package: ``python tests/readme.py`` writes them."""

from pathlib import Path

from neurorebit.schemes.table import SCHEMES

PATH = Path(__file__).parents[1] / "README.md"


def schemes():
    """The lines of the table of schemes and of their variants."""
    yield "| scheme (`architecture.scheme`) | weights | chip |"
    yield "|---|---|---|"
    for name, scheme in SCHEMES.items():
        yield f"| `{name}` | {scheme.summary} | `{scheme.architecture}`: {scheme.chip} |"
        for variant, other in scheme.variants.items():
            yield f"| `{variant}` (of `schemes` only) | as `{name}` | {other.chip} |"


def derived(text):
    """The text of the README with its derived tables as they are to be."""
    begin = text.index("| scheme (")
    return text[:begin] + "\n".join(schemes()) + text[text.index("\n\n", begin) :]


if __name__ == "__main__":
    PATH.write_text(derived(PATH.read_text(encoding="utf-8")), encoding="utf-8")
