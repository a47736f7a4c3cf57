"""A scheme is named nowhere outside ``schemes/``, a data set nowhere outside ``data/``."""

import ast
import re
from pathlib import Path

import pytest
from house import House

import neurorebit
from neurorebit.data.table import DATASETS
from neurorebit.schemes.table import SCHEMES

MODULES = House(Path(neurorebit.__file__).parent).modules
OTHERS = [name for name in MODULES if name.split(".")[0] not in ("schemes", "data")]
# words that mean something else as well, and where
ORGANISATIONS = {"hybrid", "tiki_taka"}  # of chips
MEANT = {
    "chips.hybrid.spec": ORGANISATIONS,
    "chips.table": ORGANISATIONS,
    "chips.parts.parallel": {"reram"},  # a macro's default name
    "chips.in_place.reram": {"reram"},
    "chips.parts.phases": {"reram"},  # a kind of device
    "schema.device": {"reram"},
    "schema.training": {"real", "cifar10"},  # an error path; the data set that a file need not name
    "results.pictures": {"real"},  # a view of weights
}
ROOMS = {"tiki_taka": ("chips.tiki_taka", "chips.table")}  # named like a scheme
# words that are a scheme's alone, wherever they stand in a text or a name
ALONE = {"quantized", "reram_mapped", "mixed_precision", "tiki_taka", "manhattan", "cifar10"}


def texts(module):
    """The texts of a module, docstrings among them."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def names(module):
    """The names that it defines and uses."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        for attribute in ("id", "attr", "name", "arg"):
            if isinstance(name := getattr(node, attribute, None), str):
                yield name


def folded(text):
    return re.sub(r"[^a-z0-9]", "", text.lower())


@pytest.mark.parametrize("module", OTHERS)
def test_no_text_is_the_name_of_a_scheme_or_a_data_set(module):
    known = {*SCHEMES, *DATASETS} - MEANT.get(module, set())
    assert not known & set(texts(module))


@pytest.mark.parametrize("module", OTHERS)
def test_no_text_or_name_has_a_word_that_is_a_scheme_s_alone(module):
    meant = MEANT.get(module, set())
    alone = {word for word in ALONE if not module.startswith(ROOMS.get(word, "-"))} - meant
    for text in (*texts(module), *names(module)):
        assert not any(folded(word) in folded(text) for word in alone), text


def test_each_word_that_is_meant_otherwise_still_stands_there():
    for module, words in MEANT.items():
        found = set(texts(module))
        assert words & found, module
